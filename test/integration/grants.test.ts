// The other two grants over HTTP: a service that logs in without a password opens a chat, also after the org has forgotten its
// tokens, and keeps its session alive on the schedule.
import { generateKeyPairSync } from "node:crypto";

import { afterEach, expect, it } from "vitest";

import { eventually } from "../support/eventually.ts";
import { keepSecrets } from "../support/outputs.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

it.each([
  ["client_credentials", { SFC_PASSWORD: "", SFC_USERNAME: "" }],
  ["jwt_bearer", { SFC_PASSWORD: "", SFC_CLIENT_SECRET: "", SFC_JWT_KEY: keys.privateKey }],
])("opens chats with the grant %s, renews forgotten tokens, and calls on the schedule", async (_grant, settings) => {
  const stage = await openStage({
    file: import.meta.url,
    settings: { ...settings, SPEC_SCHEDULE: "@every 1s" },
    world: { org: { jwtPublicKey: keys.publicKey } },
  });
  open.push(stage);
  // A line of the key's middle: its first is the same for every key of its size.
  await keepSecrets("grants", [keys.privateKey.split("\n")[5] ?? keys.privateKey]);
  const { oauth } = stage.world.parts;
  await eventually("the keep-alive has logged in, nobody has connected", () => oauth.issued() === 1);
  oauth.expireAll();
  await eventually("the keep-alive has renewed the token", () => oauth.issued() === 2);
  const connected = await stage.call("POST", "/v1/chats/connect", {
    userID: "5215512345678",
    name: "Ana",
    email: "ana@example.org",
    phoneNumber: "5512345678",
    provider: "whatsapp",
    botSlug: "bot",
    botId: "5215500000000",
    extraData: {},
  });
  expect([connected.status, oauth.issued()]).toEqual([200, 2]);
});

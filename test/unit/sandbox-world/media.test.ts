// The host of users' files: whatever is asked of it, it goes on.
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";

import { realClock } from "../../../sandbox/world/clock.ts";
import { startMedia, type MediaHost } from "../../../sandbox/world/media.ts";

const state: { media: MediaHost | undefined } = { media: undefined };

beforeAll(async () => {
  state.media = await startMedia(realClock(), null, 0);
});
afterAll(async () => {
  await state.media?.close();
});

it.each(["//", "//[", "http://["])("answers 404 to the target %s, which is no address", async (target) => {
  const port = Number(state.media?.host.split(":").at(-1));
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.end(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  expect(Buffer.concat(parts).toString("latin1")).toMatch(/^HTTP\/1\.1 404 /);
});

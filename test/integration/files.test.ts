// Files of users over HTTP and real Kafka: they come whole to the case, agent and user are told in their place, bad files and bad
// addresses end as they should, and a lost answer leaves one file. Judged by the simulated org, screens, phones and canaries.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Manner } from "../../sandbox/world/media.ts";
import type { Person } from "../../sandbox/world/people.ts";
import type { SalesforceRecord } from "../../sandbox/world/salesforce/objects.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { tokensIn } from "../support/tokens.ts";

interface Canary {
  readonly server: Server;
  readonly port: number;
  hits: number;
}

const open: { stage?: Stage; facts?: FactReader; canary?: Canary } = {};
const maxBytes = 2_000_000;
const waitMs = 30_000;

beforeAll(async () => {
  open.canary = await canary();
  open.stage = await openStage({
    file: import.meta.url,
    settings: { FILE_MAX_BYTES: String(maxBytes), SEND_IMAGE_NAME_IN_MESSAGE: "true" },
  });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
});

afterAll(async () => {
  await open.facts?.close();
  await open.stage?.close();
  open.canary?.server.close();
});

/** Something of the house on loopback, which nobody outside may reach. */
async function canary(): Promise<Canary> {
  const server = createServer((_request, response) => void response.end("a secret of the house"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const found = { server, port: (server.address() as AddressInfo).port, hits: 0 };
  server.on("connection", () => void (found.hits += 1));
  return found;
}

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}
const parts = () => stage().world.parts;

const seen = ({ userId }: Person): readonly string[] =>
  parts()
    .desk.screens.read()
    .entries.filter(({ user, from }) => user === userId && from === "visitor")
    .map(({ text }) => text);
const isWelcome = (text: string): boolean => text.startsWith("Hola soy");
/** What the agent has read since history and welcome. */
const screen = (person: Person): readonly string[] => seen(person).slice(seen(person).findIndex(isWelcome) + 1);
const phone = ({ userId }: Person): readonly string[] =>
  parts()
    .phones.log.read()
    .entries.filter((line) => line.userId === userId && line.from === "service" && line.text !== "Esperando un agente")
    .map(({ text }) => text);

/** A user whose agent has read history and welcome. */
async function talking(alias: string): Promise<Person> {
  const person = stage().user(alias);
  await stage().openChat(person);
  await eventually("the agent has read the welcome", () => seen(person).some(isWelcome), { timeoutMs: waitMs });
  return person;
}
const all = (object: string): readonly SalesforceRecord[] => [...parts().desk.records.all(object)];

interface AtCase {
  readonly title: unknown;
  readonly path: unknown;
  readonly hash: string;
}

const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** What hangs on the user's case, oldest first. */
function filesOf(person: Person): readonly AtCase[] {
  const contact = all("Contact").find(({ Email }) => Email === person.email)?.Id;
  const cases = new Set(all("Case").flatMap(({ Id, ContactId }) => (ContactId === contact ? [Id] : [])));
  const documents = all("ContentDocumentLink").flatMap((link) =>
    cases.has(String(link["LinkedEntityId"])) ? [link["ContentDocumentId"]] : [],
  );
  return documents.map((id) => {
    const version = all("ContentVersion").find(({ ContentDocumentId }) => ContentDocumentId === id);
    return {
      title: version?.["Title"],
      path: version?.["PathOnClient"],
      hash: hashOf(Buffer.from(String(version?.["VersionData"]), "base64")),
    };
  });
}

const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(50_000, "pixel")]);
const pdf = Buffer.from(`%PDF-1.7\n${"x".repeat(100_001)}`);
const ogg = Buffer.concat([Buffer.from("OggS\0"), Buffer.alloc(1_000, 7)]);

function put(name: string, bytes: Buffer, mimeType: string, manner?: Manner): string {
  return parts().media.put(name, { bytes, mimeType, ...(manner === undefined ? {} : { manner }) });
}

async function sends(person: Person, type: string, url: string, more: { caption?: string; mimeType?: string } = {}) {
  const { outcome } = await parts().bot.sentFile(person.userId, { type, url, ...more });
  expect(outcome).toBe("accepted");
}
const says = async ({ userId }: Person, text: string): Promise<void> => {
  await parts().bot.sent(userId, text);
};

async function agentSees(person: Person, texts: readonly string[]): Promise<void> {
  const why = (): unknown => ({ screen: screen(person), phone: phone(person) });
  await eventually("the agent has seen it all", () => screen(person).length >= texts.length, {
    timeoutMs: waitMs,
    why,
  });
  expect(screen(person)).toEqual(texts);
}

const image = "**El usuario adjunto una imagen al caso**";
const lost = "**El usuario envió un archivo (image) que no se pudo adjuntar al caso**";

describe("files of a chat", () => {
  it("come whole to the case, and are told in order with the texts around them", async () => {
    const ana = await talking("ana");
    await says(ana, "uno");
    const slow = put("foto-lenta", png, "image/png", { kind: "late", delayMs: 800 });
    await sends(ana, "image", slow, { mimeType: "image/png", caption: "Mi perrita ñandú 🐕" });
    await says(ana, "dos");
    await sends(ana, "document", put("contrato.pdf", pdf, "application/pdf"), { caption: "Contrato firmado.pdf" });
    await sends(ana, "voice", put("890930208883613", ogg, "audio/ogg"), { mimeType: "audio/ogg; codecs=opus" });
    await says(ana, "tres");
    await agentSees(ana, [
      "uno",
      `${image}Mi perrita ñandú`,
      "Mi perrita ñandú 🐕",
      "dos",
      "**El usuario adjunto un archivo al caso**Contrato firmado.pdf",
      "Contrato firmado.pdf",
      "**El usuario adjunto un audio al caso**890930208883613.ogg",
      "tres",
    ]);
    expect(filesOf(ana)).toEqual([
      { title: "Mi perrita ñandú", path: "Mi perrita ñandú.png", hash: hashOf(png) },
      { title: "Contrato firmado.pdf", path: "Contrato firmado.pdf", hash: hashOf(pdf) },
      { title: "890930208883613.ogg", path: "890930208883613.ogg", hash: hashOf(ogg) },
    ]);
    await eventually("three facts of files", () => fileFacts(ana).length === 3);
    expect(fileFacts(ana).map(({ reason }) => reason)).toEqual(["none", "none", "none"]);
    expect(phone(ana)).toEqual([]);
  });

  it("hold up nobody else", async () => {
    const [slow, quick] = [await talking("slow"), await talking("quick")];
    const url = put("sehr-lenta", png, "image/png", { kind: "late", delayMs: 5_000 });
    await Promise.all(Array.from({ length: 6 }, () => sends(slow, "image", url)));
    const started = performance.now();
    await says(quick, "rápido");
    await agentSees(quick, ["rápido"]);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(screen(slow)).toEqual([]);
  });

  it("are there once when the answer to the upload was lost", async () => {
    const eva = await talking("eva");
    const lostReply = { when: "after", effect: { kind: "reset" }, times: 1 } as const;
    parts().faults.add({ system: "salesforce", operation: "composite", ...lostReply });
    await sends(eva, "image", put("once", png, "image/png"), { caption: "una vez" });
    await agentSees(eva, [`${image}una vez`, "una vez"]);
    expect(filesOf(eva)).toEqual([{ title: "una vez", path: "una vez.png", hash: hashOf(png) }]);
    expect(all("ContentVersion").filter(({ Title }) => Title === "una vez")).toHaveLength(1);
  });

  it("go on with a new token when the old one is refused", async () => {
    const leo = await talking("leo");
    parts().oauth.expireAll();
    await sends(leo, "image", put("token", png, "image/png"));
    await agentSees(leo, [`${image}token`]);
  });
});

function fileFacts({ userId }: Person) {
  return open.facts?.of(userId).filter(({ kind }) => kind === "file") ?? [];
}

it("with 200 ms on every outside call bursts keep their order both ways, and one user's files delay no other's texts", async () => {
  const [files, texts] = [await talking("with-files"), await talking("with-texts")];
  const talk = createConversations(stage(), { files, texts });
  const { faults } = parts();
  const slow = faults.add({ effect: { kind: "delay", delayMs: 200 } });
  const url = put("langsam", png, "image/png", { kind: "late", delayMs: 3_000 });
  for (let i = 0; i < 3; i++) await sends(files, "image", url);
  for (let i = 0; i < 20; i++) {
    for (const alias of ["files", "texts"]) {
      talk.agentSays(alias);
      await talk.userSays(alias);
    }
  }
  await talk.drained(["texts"]);
  const heard = screen(files).flatMap(tokensIn);
  expect(heard.length, "who sent files first is not heard out yet").toBeLessThan(20);
  await talk.drained();
  faults.remove(slow.id);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 80 });
  expect(screen(files).slice(0, 3), "files before the texts behind them").toEqual(
    Array.from({ length: 3 }, () => `${image}langsam`),
  );
});

describe("a file that can't be had", () => {
  const bad: readonly (readonly [string, () => string])[] = [
    ["is not there", () => `${parts().media.url}/nobody`],
    ["is too large by its own word", () => put("large", Buffer.alloc(maxBytes + 1), "image/png")],
    ["has no end", () => put("endless", png, "image/png", { kind: "endless" })],
    ["is empty", () => put("empty", Buffer.alloc(0), "image/png")],
    ["is on loopback", () => `http://127.0.0.1:${String(open.canary?.port)}/x`],
    ["is on loopback, decimal", () => `http://2130706433:${String(open.canary?.port)}/x`],
    ["is on loopback, mapped", () => `http://[::ffff:127.0.0.1]:${String(open.canary?.port)}/x`],
    ["is on a name of loopback", () => `http://localhost:${String(open.canary?.port)}/x`],
    ["is the cloud's", () => "http://169.254.169.254/latest/meta-data/"],
    ["has credentials", () => `http://user@127.0.0.1:${String(open.canary?.port)}/x`],
    ["is of the machine", () => "file:///etc/passwd"],
    [
      "leads to loopback",
      () => {
        const to = `http://127.0.0.1:${String(open.canary?.port)}/x`;
        return put("door", png, "image/png", { kind: "redirect", to });
      },
    ],
  ];

  it("S07 is told to both sides in its place, once; the chat and the case go on unharmed", async () => {
    const max = await talking("max");
    for (const [i, [, url]] of bad.entries()) {
      await sends(max, "image", url(), { caption: `foto ${String(i)}` });
    }
    await says(max, "sigo aquí");
    await sends(max, "image", put("good", png, "image/png"));
    await agentSees(max, [...bad.flatMap((_, i) => [lost, `foto ${String(i)}`]), "sigo aquí", `${image}good`]);
    expect(open.canary?.hits, "connections to what is the house's own").toBe(0);
    expect(filesOf(max).map(({ title }) => title)).toEqual(["good"]);
    await eventually("all facts", () => fileFacts(max).length === bad.length + 1);
    const told = phone(max);
    expect(new Set(told)).toEqual(new Set(["Imagen no enviada"]));
    expect(told.length).toBeLessThanOrEqual(bad.length);
    const { sentBytes = 0 } =
      parts()
        .media.log.read()
        .entries.find(({ path }) => path === "/endless") ?? {};
    expect(sentBytes, "what the sockets hold at most beyond the limit").toBeLessThan(maxBytes + 16_000_000);
  });

  it("S09, S10 is named for what it is, and never unpacked", async () => {
    const mia = await talking("mia");
    const html = Buffer.from("<!DOCTYPE html><script>alert(1)</script>");
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await sends(mia, "image", put("x", html, "image/png"), { caption: "foto.png", mimeType: "image/png" });
    await sends(mia, "document", put("y", bomb, "application/pdf"), { caption: "../../boot.pdf" });
    await agentSees(mia, [
      `${image}foto.html`,
      "foto.png",
      "**El usuario adjunto un archivo al caso**boot.gz",
      "../../boot.pdf",
    ]);
    expect(filesOf(mia).map(({ path, hash }) => [path, hash])).toEqual([
      ["foto.html", hashOf(html)],
      ["boot.gz", hashOf(bomb)],
    ]);
  });
});

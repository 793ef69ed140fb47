// docs/contracts.md says what is so: fields and symbols as in schemas/, a real example of each kind of fact, every reason explained.
// `npm test -- unit contracts -u` writes the generated parts anew.
import { readFileSync } from "node:fs";

import avro from "avsc";
import { describe, expect, it } from "vitest";

import { loadTopicSchemas } from "../../../src/clients/schema-registry/schemas.ts";
import { chatEventExamples, notToldYet, symbolsOf } from "./chat-event-examples.ts";
import { blockNames, blocksIn, renewed } from "./contracts-document.ts";
import { exampleRequests } from "./request-examples.ts";

const file = new URL("../../../docs/contracts.md", import.meta.url);
const text = readFileSync(file, "utf8");
const schemas = loadTopicSchemas();
const typeOf = (suffix: keyof typeof schemas): avro.Type =>
  avro.Type.forSchema(schemas[suffix] as avro.schema.AvroSchema);

describe("docs/contracts.md", () => {
  it("has every generated part, once", () => {
    expect(blocksIn(text).toSorted()).toEqual(blockNames().toSorted());
  });

  it("has its generated parts as schemas and service make them", async () => {
    await expect(await renewed(text)).toMatchFileSnapshot(file.pathname);
  });

  it("says for every reason what it means", () => {
    const rows = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, symbol]) => symbol);
    for (const symbol of symbolsOf(schemas["chat-events"], "reason"))
      expect(
        rows.filter((row) => row === symbol),
        symbol,
      ).toHaveLength(1);
  });

  it("has no link that leads nowhere", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? "");
    expect(links.length).toBeGreaterThan(0);
    for (const link of links.filter((each) => !each.startsWith("http")))
      expect(() => readFileSync(new URL(link, file))).not.toThrow();
  });
});

describe("the examples", () => {
  it("show a fact of every kind that is told", () => {
    const kinds = symbolsOf(schemas["chat-events"], "kind");
    expect([...chatEventExamples().keys(), ...notToldYet].toSorted()).toEqual(kinds.toSorted());
  });

  it("of facts have ids, times and numbers as the document promises", () => {
    for (const {
      eventId,
      chatId,
      requestId,
      sequence,
      occurredAt,
      producedAt,
      kind,
      text: words,
    } of chatEventExamples().values()) {
      expect(eventId).toMatch(/^[0-9a-f-]{36}$/);
      expect(chatId === null ? sequence === 0 : sequence > 0, kind).toBe(true);
      expect(producedAt, kind).toBeGreaterThanOrEqual(occurredAt);
      expect(words, "no texts without EVENTS_WITH_TEXT").toBeNull();
      expect(requestId === null || requestId.length > 0).toBe(true);
    }
  });

  it.each(["connect", "finish", "message"] as const)("of what others write are valid: %s", (name) => {
    const type = typeOf(name === "message" ? "channel-messages" : "chat-requests");
    const wrapped = structuredClone(exampleRequests[name]) as object;
    const broken: string[] = [];
    type.isValid(wrapped, { errorHook: (path) => broken.push(path.join(".")) });
    expect(broken).toEqual([]);
  });
});

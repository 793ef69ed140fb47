// The written forms of single settings: what each takes, and what it refuses.
import { describe, expect, it } from "vitest";

import {
  duration,
  goBoolean,
  hostAndPort,
  httpAddress,
  list,
  listenPort,
  map,
  oneOf,
  seconds,
  timeZone,
  type Form,
} from "../../../../src/clients/config/forms.ts";
import { defaultTexts, messageTexts } from "../../../../src/clients/config/message-texts.ts";
import { sourceFlows } from "../../../../src/clients/config/source-flows.ts";
import { stateKeys } from "../../../../src/clients/config/state-keys.ts";

const hour = 3_600_000;
const key = Buffer.alloc(32, 7).toString("base64");
const flow = (subject: string): string =>
  `{"subject":${JSON.stringify(subject)},"providers":{"whatsapp":{"button_id":"573","owner_id":"005"},"facebook":{"button_id":"574","owner_id":""}}}`;

const taken: readonly [form: string, schema: Form<unknown>, raw: string, value: unknown][] = [
  ["duration", duration(0, 10 * hour), "10s", 10_000],
  ["duration", duration(0, 10 * hour), "59m", 59 * 60_000],
  ["duration", duration(0, 10 * hour), "1h30m", 1.5 * hour],
  ["duration", duration(0, 10 * hour), "1.5h", 1.5 * hour],
  ["duration", duration(0, 10 * hour), "250ms", 250],
  ["duration", duration(0, 200 * hour), "7d", 168 * hour],
  ["duration", duration(0, 10 * hour), "0", 0],
  ["duration", duration(0, 10 * hour), ".5s", 500],
  ["duration", duration(0, 10 * hour), "1.s", 1_000],
  ["duration", duration(0, 10 * hour), "1500us", 2],
  ["duration", duration(0, 10 * hour), "1ns", 0],
  ["duration", duration(0, 10 * hour), "+1m3µs", 60_000],
  ["seconds", seconds(0, 100), "4", 4000],
  ["Go boolean", goBoolean, "1", true],
  ["Go boolean", goBoolean, "T", true],
  ["Go boolean", goBoolean, "False", false],
  ["port", listenPort, "0", 0],
  ["list", list, " a, b ,,c", ["a", "b", "c"]],
  ["list", list, "", []],
  ["map", map, "whatsapp:a, facebook:b", { whatsapp: "a", facebook: "b" }],
  ["map", map, "", {}],
  ["map", map, "a:b,a:c", { a: "c" }],
  ["map", map, "whatsapp:,facebook:b", { whatsapp: "", facebook: "b" }],
  ["closed words", oneOf("SASL_SSL", "PLAINTEXT"), "plaintext", "PLAINTEXT"],
  ["address", httpAddress, "https://x.example:8443/base/", "https://x.example:8443/base"],
  ["host:port", hostAndPort, "[::1]:6379", "[::1]:6379"],
  ["time zone", timeZone, "America/Mexico_City", "America/Mexico_City"],
  ["texts", messageTexts, '{"WAITAGENT":"x","agentLabel":"y"}', { ...defaultTexts, waitAgent: "x" }],
  ["texts", messageTexts, '{"waitAgent":""}', { ...defaultTexts, waitAgent: "" }],
  ["texts", messageTexts, '{"waitAgent":null}', { ...defaultTexts, waitAgent: "" }],
  ["texts", messageTexts, '{"nobody knows":{"a":1},"more":null}', defaultTexts],
  ["texts", messageTexts, "null", defaultTexts],
  ["state keys", stateKeys, key, [{ id: "1", key: Buffer.alloc(32, 7) }]],
  [
    "state keys",
    stateKeys,
    `new:${key}, old:${key}`,
    [
      { id: "new", key: Buffer.alloc(32, 7) },
      { id: "old", key: Buffer.alloc(32, 7) },
    ],
  ],
];

const refused: readonly [form: string, schema: Form<unknown>, raw: string][] = [
  ["duration without unit", duration(0, 10 * hour), "5"],
  ["duration with words around", duration(0, 10 * hour), "about 5s"],
  ["duration out of bounds", duration(1000, 2000), "3s"],
  ["empty duration", duration(0, 1000), ""],
  ["duration of a sign", duration(0, 1000), "+"],
  ["duration of a unit", duration(0, 1000), ".s"],
  ["negative duration", duration(0, 1000), "-1s"],
  ["seconds with a unit", seconds(0, 100), "4s"],
  ["empty number", seconds(0, 100), ""],
  ["negative number", seconds(0, 100), "-1"],
  ["port out of range", listenPort, "65536"],
  ["boolean that Go does not take", goBoolean, "yes"],
  ["map without value", map, "whatsapp"],
  ["map with two colons", map, "a:b:c"],
  ["word outside the set", oneOf("a", "b"), "c"],
  ["address without scheme", httpAddress, "botrunner:3000"],
  ["address of a file", httpAddress, "file:///etc/passwd"],
  ["address with a query", httpAddress, "http://x.example/?jwt=y"],
  ["host without port", hostAndPort, "redis"],
  ["time zone that does not exist", timeZone, "Mexico/Nowhere"],
  ["texts that are no object", messageTexts, "[]"],
  ["texts that are no texts", messageTexts, '{"waitAgent":1}'],
  ["texts cut short", messageTexts, '{"waitAgent":"x"'],
  ["short state key", stateKeys, Buffer.alloc(16).toString("base64")],
  ["state keys with one id twice", stateKeys, `a:${key},a:${key}`],
  ["several state keys without ids", stateKeys, `${key},${key}`],
];

describe("forms", () => {
  it.each(taken.map(([name, schema, raw, value]) => ({ name, schema, raw, value })))(
    "$name reads $raw",
    ({ schema, raw, value }) => {
      expect(schema.parse(raw)).toEqual(value);
    },
  );

  it.each(refused)("refuses a %s", (_form, schema, raw) => {
    expect(schema.safeParse(raw).success).toBe(false);
  });

  it.each(refused)("does not repeat what it refuses: %s", (_form, schema, raw) => {
    const planted = `${raw}canary`;
    expect(JSON.stringify(schema.safeParse(planted).error?.issues ?? [])).not.toContain("canary");
  });
});

describe("source flows", () => {
  const ayuda = {
    subject: "Ayuda",
    providers: { whatsapp: { buttonId: "573", ownerId: "005" }, facebook: { buttonId: "574", ownerId: null } },
  };

  it("reads one flow, an empty owner as none", () => {
    expect(sourceFlows.parse(`default=${flow("Ayuda")}`)).toEqual({ default: ayuda });
  });

  it("keeps ; = and braces inside texts, and takes a ; at the end", () => {
    const subject = 'a;b=c {"d"} \\';
    expect(sourceFlows.safeParse(`default=${flow("Ayuda")}; other = ${flow(subject)};`)).toEqual({
      success: true,
      data: { default: ayuda, other: { ...ayuda, subject } },
    });
  });

  it.each([
    ["an empty subject", `a=${flow("")}`, { ...ayuda, subject: "" }],
    ["the last of a name", `a={};a=${flow("Ayuda")}`, ayuda],
    [
      "a channel that is null",
      'a={"subject":"s","providers":{"whatsapp":null}}',
      { subject: "s", providers: { whatsapp: { buttonId: "", ownerId: null } } },
    ],
    ["nothing at all", "a={}", { subject: "", providers: {} }],
    [
      "no button and owner",
      'a={"subject":"s","providers":{"whatsapp":{"button_id":null}}}',
      { subject: "s", providers: { whatsapp: { buttonId: "", ownerId: null } } },
    ],
    [
      "keys in any case",
      'a={"SUBJECT":"s","Providers":{"whatsapp":{"Button_ID":"b","OWNER_ID":"o"}}}',
      { subject: "s", providers: { whatsapp: { buttonId: "b", ownerId: "o" } } },
    ],
  ])("reads %s as the original does", (_what, raw, a) => expect(sourceFlows.parse(raw)).toEqual({ a }));

  it.each(["", ";", "default", "default=", "default={", "=" + flow("a"), `a=${flow("a")} b=${flow("b")}`, "a=[]"])(
    "refuses %s",
    (raw) => expect(sourceFlows.safeParse(raw).success).toBe(false),
  );

  it.each([
    ["a subject that is no text", 'a={"subject":7,"providers":{}}'],
    ["a button that is no text", 'a={"subject":"s","providers":{"whatsapp":{"button_id":5}}}'],
  ])("refuses %s", (_what, raw) => expect(sourceFlows.safeParse(raw).success).toBe(false));
});

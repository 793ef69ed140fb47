// The verdict on a played conversation: each way in which messages go wrong is told, and what went right is not.
import { describe, expect, it } from "vitest";

import type { PhoneLine, ScreenLine } from "../../../sandbox/play/control-client.ts";
import { complaints, judge } from "../../../sandbox/play/judge.ts";
import { latencies, transcriptOf, written } from "../../../sandbox/play/transcript.ts";

const SENT = ["uno", "dos", "tres"];
const FINE = { lost: [], doubled: [], reordered: [] };

describe("judge", () => {
  it.each([
    ["each in its own message", ["uno", "dos", "tres"], FINE],
    ["several in one message, with words around", ["Contexto:\nuno\n\ndos\n", "tres"], FINE],
    ["a lost one", ["uno", "tres"], { ...FINE, lost: ["dos"] }],
    ["nothing at all", [], { ...FINE, lost: SENT }],
    ["a doubled one", ["uno", "dos", "dos", "tres"], { ...FINE, doubled: ["dos"] }],
    ["one doubled inside a message", ["uno uno", "dos", "tres"], { ...FINE, doubled: ["uno"] }],
    ["two in the wrong order", ["dos", "uno", "tres"], { ...FINE, reordered: ["dos"] }],
    ["the first one last", ["dos", "tres", "uno"], { ...FINE, reordered: ["dos", "tres"] }],
    ["a text cut in two", ["uno", "do", "s", "tres"], { ...FINE, lost: ["dos"] }],
  ])("%s", (_name, seen, findings) => {
    expect(judge(SENT, seen)).toEqual(findings);
  });

  it("says what is wrong with which text", () => {
    expect(complaints("user to agent", { lost: ["uno"], doubled: ["dos"], reordered: ["tres"] })).toEqual([
      "user to agent: lost: uno",
      "user to agent: more than once: dos",
      "user to agent: out of order: tres",
    ]);
    expect(complaints("user to agent", FINE)).toEqual([]);
  });
});

describe("transcript", () => {
  const phone: readonly PhoneLine[] = [
    { at: 1_000, atMs: 0, from: "user", text: "Buenas" },
    { at: 1_001, atMs: 1, from: "bot", text: "Hola" },
    { at: 1_010, atMs: 10, from: "service", text: "Esperando un agente" },
    { at: 1_026, atMs: 26, from: "service", text: "Le atiendo" },
    { at: 1_030, atMs: 30, from: "user", text: "Gracias" },
  ];
  const screen: readonly ScreenLine[] = [
    { at: 1_015, atMs: 15, from: "visitor", text: "Contexto:\n\nCliente: Buenas\n" },
    { at: 1_020, atMs: 20, from: "agent", text: "Le atiendo" },
    { at: 1_038, atMs: 38, from: "visitor", text: "Gracias" },
  ];

  it("is in order of time, with a latency for what came over as it was said", () => {
    const lines = transcriptOf(phone, screen).map(({ who, text, latencyMs }) => [who, text.trim(), latencyMs]);
    expect(lines).toEqual([
      ["user", "Buenas", undefined],
      ["bot", "Hola", undefined],
      ["service → user", "Esperando un agente", undefined],
      ["service → agent", "Contexto:\n\nCliente: Buenas", undefined],
      ["agent", "Le atiendo", 6],
      ["user", "Gracias", 8],
    ]);
    expect(latencies(transcriptOf(phone, screen))).toEqual({ count: 2, p50Ms: 6, maxMs: 8 });
  });

  it("shows a second copy as a line of its own", () => {
    const doubled = [...screen, { at: 1_040, atMs: 40, from: "visitor", text: "Gracias" } as const];
    expect(
      transcriptOf(phone, doubled)
        .map(({ who }) => who)
        .at(-1),
    ).toBe("service → agent");
  });

  it("is written with time, latency and who, long messages indented", () => {
    const [first = "", ...rest] = written(transcriptOf(phone, screen)).split("\n");
    expect(first).toMatch(/^00:00:01\.000 +user +Buenas$/);
    expect(rest.filter((line) => /^ {30,}Cliente: Buenas$/.test(line))).toHaveLength(1);
    expect(rest.filter((line) => /6\.0 ms +agent +Le atiendo$/.test(line))).toHaveLength(1);
  });

  it("has no latencies when nothing came over", () => {
    expect(latencies(transcriptOf(phone.slice(0, 1), []))).toBeUndefined();
  });
});

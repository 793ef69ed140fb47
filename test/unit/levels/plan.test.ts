// What the arguments of `npm test` run.
import { describe, expect, it } from "vitest";

import { type Level, levels } from "../../levels/levels.ts";
import { readPlan } from "../../levels/plan.ts";

const all = (): boolean => true;
const onlyUnit = ({ name }: Level): boolean => name === "unit";

describe("arguments of npm test", () => {
  it("run everything there is, in order, when there are none", () => {
    expect(readPlan([], all)).toEqual({ check: true, levels, matrix: null, vitestArgs: [] });
  });

  it("leave out a level that has no tests", () => {
    expect(readPlan([], onlyUnit)).toMatchObject({ levels: [{ name: "unit" }] });
  });

  it("pick one level and pass the rest on", () => {
    expect(readPlan(["integration", "-t", "agent"], all)).toMatchObject({
      check: false,
      levels: [{ name: "integration" }],
      vitestArgs: ["-t", "agent"],
    });
  });

  it("pick the check", () => {
    expect(readPlan(["check"], all)).toEqual({ check: true, levels: [], matrix: null, vitestArgs: [] });
  });

  it("narrow every level but the check where only filters are given", () => {
    expect(readPlan(["-t", "agent"], all)).toEqual({
      check: false,
      levels,
      matrix: null,
      vitestArgs: ["-t", "agent"],
    });
  });

  it("multiply a level that starts services", () => {
    expect(readPlan(["integration", "--matrix", "-t", "agent"], all)).toMatchObject({
      levels: [{ name: "integration" }],
      matrix: "",
      vitestArgs: ["-t", "agent"],
    });
  });

  it("multiply it by a part of the matrix", () => {
    expect(readPlan(["integration", "--matrix=3.9"], all)).toMatchObject({ matrix: "3.9", vitestArgs: [] });
  });

  it.each([
    { args: ["--matrix"], isThere: all },
    { args: ["unit", "--matrix"], isThere: all },
    { args: ["nosuch"], isThere: all },
    { args: ["chaos"], isThere: onlyUnit },
    { args: ["check", "-t", "x"], isThere: all },
  ])("are refused as $args", ({ args, isThere }) => {
    expect(readPlan(args, isThere)).toMatchObject({ exitCode: 64 });
  });

  it("give help", () => {
    expect(readPlan(["--help"], all)).toMatchObject({ exitCode: 0 });
  });
});

it("keeps the levels in the order of their cost", () => {
  expect(levels.map(({ name }) => name)).toEqual([
    "unit",
    "simulation",
    "contracts",
    "integration",
    "chaos",
    "browser",
    "bench",
    "whole",
  ]);
});

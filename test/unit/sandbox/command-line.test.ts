// Flags of `npm run sandbox`, and that it refuses a production environment.
import { describe, expect, it } from "vitest";

import { HELP, parseCommand, productionVariable } from "../../../sandbox/instance/command-line.ts";

describe("flags", () => {
  it.each([
    { args: [], kind: "run" },
    { args: ["--open"], kind: "run" },
    { args: ["--play"], kind: "play" },
    { args: ["--help"], kind: "help" },
    { args: ["-h"], kind: "help" },
    { args: ["--play", "--help"], kind: "help" },
    { args: ["--plya"], kind: "wrong" },
    { args: ["play"], kind: "wrong" },
    { args: ["--play=yes"], kind: "wrong" },
  ])("$args is $kind", ({ args, kind }) => {
    expect(parseCommand(args).kind).toBe(kind);
  });

  it("opens a browser only when asked to", () => {
    expect(parseCommand([])).toMatchObject({ opens: false });
    expect(parseCommand(["--open"])).toMatchObject({ opens: true });
  });

  it("names the flag that it does not know", () => {
    expect(parseCommand(["--plya"])).toMatchObject({ message: expect.stringContaining("--plya") as unknown });
  });

  it("explains every flag it takes", () => {
    for (const flag of ["--open", "--play", "--help"]) expect(HELP).toContain(`${flag} `);
  });
});

describe("production", () => {
  it.each([
    ["ENVIRONMENT", "production"],
    ["ENVIRONMENT", "prod"],
    ["SALESFORCE_INTEGRATION_ENVIRONMENT", "PROD"],
    ["SALESFORCE-INTEGRATION_ENVIRONMENT", " Production "],
  ])("is seen in %s=%s", (name, value) => {
    expect(productionVariable({ [name]: value })).toBe(name);
  });

  it.each([
    {},
    { ENVIRONMENT: "" },
    { ENVIRONMENT: "staging" },
    { ENVIRONMENT: "preprod" },
    { NODE_ENV: "production" },
  ])("is not seen in %j", (env) => {
    expect(productionVariable(env)).toBeUndefined();
  });
});

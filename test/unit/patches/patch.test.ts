// Patches are read with what their heads promise, and fit code that has moved but not code that has changed.
import { describe, expect, it } from "vitest";

import { applied, readPatch } from "../../patches/patch.ts";

const text = `Breaks: two is one
Test: test/unit/a.test.ts
Title: a > b

--- a/src/a.ts
+++ b/src/a.ts
@@ -2,3 +2,3 @@
 one
-two
+one again
 three
@@ -9,2 +9,1 @@
 nine
-ten
`;

describe("a patch", () => {
  it("is read with its head, its test and its hunks", () => {
    const { name, head, test, files } = readPatch("m", text, ["breaks"]);
    expect([name, head["breaks"], test]).toEqual(["m", "two is one", { file: "test/unit/a.test.ts", title: "a > b" }]);
    expect(files).toEqual([
      {
        path: "src/a.ts",
        hunks: [
          { line: 1, before: ["one", "two", "three"], after: ["one", "one again", "three"] },
          { line: 8, before: ["nine", "ten"], after: ["nine"] },
        ],
      },
    ]);
  });

  it.each([
    ["without a test", text.replace("Test: ", "Text: "), "the head has no test"],
    ["without what it breaks", text.replace("Breaks: ", "Makes: "), "the head has no breaks"],
    ["without a hunk", text.slice(0, text.indexOf("@@")), "it holds no hunk"],
    ["of something else than src/", text.replaceAll("src/a.ts", "test/a.ts"), "it changes test/a.ts"],
  ])("%s is refused by name", (_what, wrong, says) => {
    expect(() => readPatch("m", wrong, ["breaks"])).toThrow(`m: ${says}`);
  });
});

describe("applying", () => {
  const { files } = readPatch("m", text, []);
  const hunks = files[0]?.hunks ?? [];
  const numbered = ["zero", "one", "two", "three", "4", "5", "6", "7", "nine", "ten", "eleven"];

  it("changes what the hunks say, and nothing else", () => {
    const expected = ["zero", "one", "one again", "three", "4", "5", "6", "7", "nine", "eleven"];
    expect(applied(numbered.join("\n"), hunks)).toBe(expected.join("\n"));
  });

  it("finds lines that have moved, and of equal ones those that are nearest", () => {
    const before = ["one", "two", "three", ...Array<string>(9).fill("-"), ...numbered, "one", "two", "three"];
    const after = applied(before.join("\n"), [{ line: 11, before: ["one", "two", "three"], after: ["x"] }]);
    expect(after?.split("\n").indexOf("x")).toBe(13);
  });

  it("is none where one line is another", () => {
    expect(applied(numbered.join("\n").replace("ten", "10"), hunks)).toBeNull();
  });
});

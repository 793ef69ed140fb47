// All rows of docs/parity.md, section by section: settings from their table, defects from the heads of their patches, the rest as written
// down in edge-rows.ts, desk-rows.ts and operation-rows.ts. Pure but for reading the patches.
import { patchesOf, unpatchedDefects } from "../patches/collections.ts";
import { deskRows } from "./desk-rows.ts";
import { edgeRows } from "./edge-rows.ts";
import { operationRows } from "./operation-rows.ts";
import type { ParityRow, ParitySection } from "./row.ts";
import { originalSettings } from "./settings.ts";

/** The test that reads every setting of the original. */
export const settingsTest = "test/unit/clients/config/original-settings.test.ts";

function settingRows(): readonly ParityRow[] {
  return originalSettings.map(({ name, byDefault, better, shown }) => ({
    item: `8 ${name}`,
    original: byDefault === null || byDefault === "" ? "no default" : `default \`${byDefault}\``,
    verdict: better === null ? "same" : "better",
    how: better ?? "",
    test: shown ?? { file: settingsTest, title: `a setting of the original > ${name}` },
  }));
}

function defectRows(): readonly ParityRow[] {
  const patched = patchesOf("defects").map(({ head, test }): ParityRow => {
    const [, verdict = "", how = ""] = /^(same|better|dropped): (.*)$/.exec(head["ours"] ?? "") ?? [];
    if (verdict === "") throw new Error(`${head["defect"] ?? ""}: Ours must begin with same, better or dropped`);
    return {
      item: `10 ${head["defect"] ?? ""}`,
      original: head["breaks"] ?? "",
      verdict: verdict as "better",
      how,
      test,
    };
  });
  const others = unpatchedDefects().map(({ defect, breaks, verdict, why }): ParityRow => {
    return { item: `10 ${defect}`, original: breaks, verdict, how: why, test: null };
  });
  return [...patched, ...others].sort((a, b) => placeOf(a) - placeOf(b));
}

/** A1 before A10 before B1. */
function placeOf({ item }: ParityRow): number {
  const [, letter = "A", number = "0"] = /^10 ([A-H])(\d+)$/.exec(item) ?? [];
  return letter.charCodeAt(0) * 100 + Number(number);
}

/** The whole document's content. */
export function paritySections(): readonly ParitySection[] {
  return [
    ...edgeRows,
    ...deskRows,
    ...operationRows,
    { title: "Settings (section 8)", rows: settingRows() },
    { title: "Defects (section 10)", rows: defectRows() },
  ];
}

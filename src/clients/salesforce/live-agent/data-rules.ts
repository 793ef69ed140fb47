// Sensitive data rules as Live Agent tells them, read into rules of the desk within bounds (Live Agent fact sheet, sections 8.1 and
// 9.6). Pure and total. A rule that can't be taken stays as one without a pattern, so that whoever applies rules can say so. Used by
// convert.ts.
import type { DataRule, DeskEvent } from "../../../processors/messages/generated.ts";
import { isObject, textOf, type JsonObject } from "../../../processors/json.ts";

const mostRules = 50;
const longestName = 80;
const longestPattern = 1_000;
/** Of all patterns together: the rules stand in the state, which is written with every change. */
const patternChars = 8_000;
const longestReplacement = 100;

/** The rules, what is no rule left out; nothing where none are told. */
export function dataRulesOf(told: unknown): Partial<Pick<DeskEvent, "dataRules">> {
  if (!Array.isArray(told)) return {};
  const given = told
    .filter(isObject)
    .filter(({ id, name, pattern }) => [id, name, pattern].some((part) => textOf(part) !== null));
  const rules = given.slice(0, mostRules).map(ruleOf);
  let chars = 0;
  const bounded = rules.map((rule) => {
    chars += rule.pattern.length;
    return chars > patternChars ? { ...rule, pattern: "" } : rule;
  });
  const beyond = given.length - mostRules;
  if (beyond > 0) bounded.push({ id: null, name: `${String(beyond)} more`, pattern: "", replacement: "" });
  return { dataRules: bounded };
}

/** Whatever is to be done with what is found, it is not shown: what is no replacement takes it out. */
function ruleOf(rule: JsonObject): DataRule {
  const id = textOf(rule.id)?.slice(0, longestName) ?? null;
  const pattern = textOf(rule.pattern) ?? "";
  const isRemoved = textOf(rule.actionType)?.toLowerCase() === "remove";
  return {
    id,
    name: textOf(rule.name)?.slice(0, longestName) ?? id ?? "unnamed",
    pattern: pattern.length > longestPattern ? "" : pattern,
    replacement: isRemoved ? "" : (textOf(rule.replacement) ?? "").slice(0, longestReplacement),
  };
}

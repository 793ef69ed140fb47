// The form of SFC_SOURCE_FLOW_BOT: `name={json};name={json}`. Reads JSON by its own brackets and strings, so that `;` and `=`
// inside a subject and a `;` at the end do no harm, as they did in the original (its source-flow parser split on both).
import { z } from "zod";

import { form, parseJson, type Form } from "./forms.ts";

/** Where the chats of one flow of the bot go. */
export interface SourceFlow {
  /** Subject of the case. A flow with an empty one refuses its chats. */
  readonly subject: string;
  /** Agent button and case owner, by channel (`whatsapp`, `facebook`); an empty button refuses the chats of its channel. */
  readonly providers: Readonly<Record<string, { readonly buttonId: string; readonly ownerId: string | null }>>;
}

/** Source flows by name; `default` is taken where a connect names none or an unknown one. */
export type SourceFlows = Readonly<Record<string, SourceFlow>>;

/** As Go reads them: keys in any case, what is missing or null is empty. */
const text = z
  .string()
  .nullish()
  .transform((given) => given ?? "");
const provider = z.preprocess((given) => inLowerCase(given ?? {}), z.object({ button_id: text, owner_id: text }));
const written = z.preprocess(
  inLowerCase,
  z.object({ subject: text, providers: z.record(z.string(), provider).nullish() }),
);

function inLowerCase(given: unknown): unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value as unknown]));
}

const expected =
  'name={json} entries with ; between them, each with "subject" and "providers": {"whatsapp": {"button_id", "owner_id"}}';

/** `name={"subject","providers":{"{channel}":{"button_id","owner_id"}}};…`; an empty or missing owner means none, and the last of a name holds, as in Go. */
export const sourceFlows: Form<SourceFlows> = form(expected, (raw) => {
  const flows: [string, SourceFlow][] = [];
  let rest = raw.trim();
  while (rest !== "") {
    const entry = firstEntry(rest);
    if (entry === null) return undefined;
    flows.push([entry.name, entry.flow]);
    rest = entry.rest;
  }
  return flows.length === 0 ? undefined : Object.fromEntries(flows);
});

function firstEntry(raw: string): { name: string; flow: SourceFlow; rest: string } | null {
  const equals = raw.indexOf("=");
  const name = raw.slice(0, Math.max(0, equals)).trim();
  const start = raw.indexOf("{", equals);
  if (name === "" || start < 0 || raw.slice(equals + 1, start).trim() !== "") return null;
  const end = endOfObject(raw, start);
  const after = raw.slice(end).trim();
  if (end < 0 || (after !== "" && !after.startsWith(";"))) return null;
  const flow = readFlow(raw.slice(start, end));
  return flow === null ? null : { name, flow, rest: after.replace(/^[;\s]+/, "") };
}

function readFlow(json: string): SourceFlow | null {
  const parsed = written.safeParse(parseJson(json));
  if (!parsed.success) return null;
  const providers: SourceFlow["providers"] = Object.fromEntries(
    Object.entries(parsed.data.providers ?? {}).map(([channel, { button_id: buttonId, owner_id: ownerId }]) => {
      return [channel.trim(), { buttonId, ownerId: ownerId === "" ? null : ownerId }] as const;
    }),
  );
  return { subject: parsed.data.subject, providers };
}

function endOfObject(raw: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < raw.length; at++) {
    const character = raw[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return -1;
}

// Writes what is known of the settings as documents: configs/example.env and docs/settings.md. Run by itself it writes both
// files; a test holds them equal to what this prints.
import { writeFileSync } from "node:fs";

import { dashPrefix, underscorePrefix } from "./names.ts";
import { factsOf, settingGroups } from "./schema.ts";
import type { SettingFacts } from "./setting.ts";

/** The generated documents, by path from the repository's root. */
export function settingDocuments(): Readonly<Record<string, string>> {
  return { "configs/example.env": exampleEnvironment(), "docs/settings.md": reference() };
}

function exampleEnvironment(): string {
  const head = [
    "# Every setting of the service. Runs as it stands against local services without security and a simulator; change what is",
    "# not commented out. Generated from the schema in src/clients/config by `node src/clients/config/print.ts`.",
  ];
  const groups = Object.entries(settingGroups).flatMap(([title, group]) => [
    "",
    `# --- ${title} ---`,
    ...Object.keys(group).flatMap((name) => exampleLines(name, factsOf(name))),
  ]);
  return `${[...head, ...groups].join("\n")}\n`;
}

function exampleLines(name: string, facts: SettingFacts): string[] {
  const value = facts.local ?? facts.default ?? facts.example;
  const line = `${underscorePrefix}${name}=${quoted(value)}`;
  return ["", `# ${facts.description} ${presenceOf(facts)}`, facts.local === undefined ? `#${line}` : line];
}

// Node's --env-file, Docker's and a shell's `source` agree on single quotes where a value has more than plain characters.
function quoted(value: string): string {
  return /^[\w./:@,+-]*$/.test(value) ? value : `'${value}'`;
}

function presenceOf(facts: SettingFacts): string {
  if (facts.presence === "required") return "Required.";
  if (facts.presence === "defaulted") return `Default: ${facts.default ?? ""}`;
  return `Default: ${facts.defaultInWords ?? "none"}.`;
}

function reference(): string {
  const head = [
    "# Settings",
    "",
    `Generated from the schema in \`src/clients/config\` by \`node src/clients/config/print.ts\`. Each name is read as \`${dashPrefix}NAME\` and,`,
    `where a shell cannot export that, as \`${underscorePrefix}NAME\`; where both are set and differ the dash wins, with a warning. A name under`,
    "these prefixes that is not listed is a warning, never a refusal. All mistakes are told at once, by name, and end the start with exit",
    "code 78. An optional setting that is empty counts as not set; so does one whose default is marked _also empty_.",
    "",
    "Each _secret_ can stand in a file instead: `NAME_FILE` is its path, and a line feed at the file's end is dropped. Both set is a mistake.",
    "",
    "`HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in capitals or small letters and without prefix, hold for every call that goes out: desk and its",
    "polls, bot platform, Integrations API, files of users, schema registry, Sentry; not for Kafka and Redis. As Go reads them: `NO_PROXY` takes hosts with all below them, `.domain`, addresses, networks and `*`.",
    "",
    "Forms: _seconds_ are whole numbers; _durations_ have units (`500ms`, `10s`, `59m`, `1h30m`, `7d`); _lists_ are `a,b`; _maps_ are",
    "`key:value,key:value`; booleans are Go's (`true`, `1`, `t`, `false`, …). Blanks around entries do no harm.",
  ];
  const groups = Object.entries(settingGroups).flatMap(([title, group]) => [
    "",
    `## ${title}`,
    "",
    ...Object.keys(group).map((name) => referenceEntry(name, factsOf(name))),
  ]);
  return `${[...head, ...groups].join("\n")}\n`;
}

function referenceEntry(name: string, facts: SettingFacts): string {
  const byDefault = {
    required: "required",
    optional: `default: ${facts.defaultInWords ?? "none"}`,
    defaulted: `default: \`${facts.default ?? ""}\`${facts.emptyIsDefault === true ? ", also empty" : ""}`,
  }[facts.presence];
  const secret = facts.secret === true ? ", secret" : "";
  return `- **\`${name}\`** (${byDefault}${secret}): ${facts.description} Example: \`${facts.example}\``;
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(settingDocuments())) writeFileSync(path, content);
}

// The table of rights in docs/security.md, as ACLs of Kafka. Called by the tests of the wire's security, so that what is documented is what
// is tested.
import { readFileSync } from "node:fs";
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes, type AclEntry } from "kafkajs";

import type { OwnNames } from "./services.ts";

/** A right of a principal of the table. */
export interface Right {
  /** As the table has it: service, upstream, … */
  readonly principal: string;
  readonly entry: Omit<AclEntry, "principal">;
}

const operations: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};
const resources: Readonly<Record<string, AclResourceTypes>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
};

/** All rights of the table for these names. Throws on a row that it does not understand. */
export function documentedRights({ topic, appName }: OwnNames): readonly Right[] {
  const text = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  const lines = text.split("\n");
  const head = lines.findIndex((line) => /^\|\s*principal\s*\|\s*resource\s*\|/.test(line));
  const rest = lines.slice(head + 2);
  const rows = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith("|")),
  );
  if (head < 0 || rows.length === 0) throw new Error("docs/security.md has no table of rights");
  return rows.flatMap((row) => {
    const [, principal = "", resource = "", name = "", operationList = ""] = row.split("|").map((cell) => cell.trim());
    const full = name.replaceAll("`", "").replace("<APP_NAME>", appName).replace("<T>", topic);
    const resourceType = resources[resource];
    return operationList.split(", ").map((word) => {
      const operation = operations[word];
      if (resourceType === undefined || operation === undefined || full === "")
        throw new Error(`a row of the table of rights is not understood: ${row}`);
      const isPrefix = full.endsWith("*");
      const entry = {
        resourceType,
        resourceName: isPrefix ? full.slice(0, -1) : full,
        resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        host: "*",
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      };
      return { principal, entry };
    });
  });
}

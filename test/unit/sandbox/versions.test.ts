// What the driver makes of version texts: Java, Redis and Valkey, KAFKA_VERSION.
import { describe, expect, it } from "vitest";

import { newestJava, parseJavaVersion, type Java } from "../../../sandbox/services/java.ts";
import { kafkaVersion } from "../../../sandbox/services/kafka-version.ts";
import { isNewEnough, parseRedisVersion } from "../../../sandbox/services/local-redis.ts";
import { MissingPrerequisite } from "../../../sandbox/services/missing-prerequisite.ts";

describe("java -version", () => {
  it.each([
    ['openjdk version "25.0.3" 2026-04-21 LTS', 25],
    ['openjdk version "21" 2023-09-19', 21],
    ['openjdk version "22-ea" 2024-03-19', 22],
    ['java version "1.8.0_302"', 8],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "17.0.15" 2025-04-15', 17],
  ])("%s is %i", (output, major) => {
    expect(parseJavaVersion(output)).toBe(major);
  });

  it("of macOS's stub is no version", () => {
    expect(parseJavaVersion("Unable to locate a Java Runtime.")).toBeUndefined();
  });

  it("takes the newest that is new enough, the first of equals", () => {
    const java = (path: string, major: number): Java => ({ path, major, build: "" });
    expect(newestJava([java("a", 17), java("b", 21), java("c", 25), java("d", 25)])?.path).toBe("c");
    expect(newestJava([java("a", 17), java("b", 20)])).toBeUndefined();
  });
});

describe("redis-server --version", () => {
  it.each([
    ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", [7, 0], true],
    ["Redis server v=6.2.11 sha=00000000:0", [6, 2], true],
    ["Redis server v=6.0.16 sha=00000000:0", [6, 0], false],
    ["Valkey server v=8.1.1 sha=00000000:0", [8, 1], true],
  ] as const)("%s", (output, version, isEnough) => {
    const parsed = parseRedisVersion(output);
    expect(parsed).toEqual(version);
    expect(isNewEnough(parsed ?? [0, 0])).toBe(isEnough);
  });

  it("of something else is no version", () => {
    expect(parseRedisVersion("usage: redis-server")).toBeUndefined();
  });
});

describe("KAFKA_VERSION", () => {
  it.each([
    [undefined, "4.1.1"],
    ["", "4.1.1"],
    ["4.1", "4.1.1"],
    ["3.9", "3.9.1"],
    ["3.9.1", "3.9.1"],
  ])("%s means %s", (wanted, version) => {
    expect(kafkaVersion(wanted)).toBe(version);
  });

  it("refuses one that it does not know, with the ones it does", () => {
    expect(() => kafkaVersion("2.8")).toThrow(MissingPrerequisite);
    expect(() => kafkaVersion("2.8")).toThrow(/4\.1 and 3\.9/);
  });
});

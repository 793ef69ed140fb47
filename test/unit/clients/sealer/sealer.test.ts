// The seal: bound to user and chat, damaged texts refused, keys rotated.
import { randomBytes } from "node:crypto";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createSealer } from "../../../../src/clients/sealer.ts";

const older = { id: "2025", key: Buffer.alloc(32, 1) };
const newer = { id: "2026", key: Buffer.alloc(32, 2) };
const owner = { userId: "5215512345678", chatId: "chat-1" };
const sealer = createSealer([newer, older]);

/** "session-key" under the key 2025, an IV of zeros and the owner above; fails to open when the form ever changes. */
const fixed = { body: "zFDrrxxUbZL4HOs", tag: "RqShRWMdguLE1m51b6JFeg" };

describe("a sealed text", () => {
  it("opens for the same user and chat, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (plain, userId, chatId) => {
        expect(sealer.unseal(sealer.seal(plain, { userId, chatId }), { userId, chatId })).toBe(plain);
      }),
    );
  });

  it("has the persisted form, shows nothing, and is never the same twice", () => {
    const [one, two] = [sealer.seal("session-key", owner), sealer.seal("session-key", owner)];
    expect(one).toMatch(/^v1\.2026\.[\w-]{16}\.[\w-]{15}\.[\w-]{22}$/);
    expect(one).not.toBe(two);
  });

  it("of an earlier release still opens", () => {
    const sealed = `v1.2025.AAAAAAAAAAAAAAAA.${fixed.body}.${fixed.tag}`;
    expect(createSealer([older]).unseal(sealed, owner)).toBe("session-key");
  });

  it.each([
    ["another user", { ...owner, userId: "5215512345679" }],
    ["another chat", { ...owner, chatId: "chat-2" }],
    ["the same letters divided elsewhere", { userId: "5215512345678c", chatId: "hat-1" }],
    ["user and chat exchanged", { userId: owner.chatId, chatId: owner.userId }],
  ])("does not open for %s", (_, other) => {
    expect(sealer.unseal(sealer.seal("session-key", owner), other)).toBeNull();
  });

  it("does not open when any part of it is damaged", () => {
    const parts = sealer.seal("session-key", owner).split(".");
    for (const at of [2, 3, 4]) {
      const damaged = Buffer.from(parts[at] ?? "", "base64url");
      damaged.writeUInt8(damaged.readUInt8(0) ^ 1, 0);
      expect(sealer.unseal(parts.with(at, damaged.toString("base64url")).join("."), owner)).toBeNull();
      expect(sealer.unseal(parts.with(at, "").join("."), owner)).toBeNull();
    }
    expect(sealer.unseal(parts.with(1, "2025").join("."), owner)).toBeNull();
    expect(sealer.unseal(parts.with(0, "v2").join("."), owner)).toBeNull();
    expect(sealer.unseal(parts.with(4, (parts[4] ?? "").slice(0, 6)).join("."), owner)).toBeNull();
  });

  it("is never taken from what is none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sealer.unseal(text, owner)).toBeNull();
      }),
    );
  });

  it("survives a rotation, and not the removal of its key", () => {
    const before = createSealer([older]).seal("session-key", owner);
    expect(createSealer([newer, older]).unseal(before, owner)).toBe("session-key");
    expect(createSealer([newer, older]).seal("session-key", owner)).toMatch(/^v1\.2026\./);
    expect(createSealer([newer]).unseal(before, owner)).toBeNull();
  });
});

describe("without keys", () => {
  const open = createSealer([]);

  it("a text is only encoded, and opens for everybody", () => {
    const sealed = open.seal("schlüssel", owner);
    expect(sealed).toBe("plain.c2NobMO8c3NlbA");
    expect(open.unseal(sealed, { userId: "other", chatId: "other" })).toBe("schlüssel");
  });

  it("a sealed text does not open, and with keys a plain one does not", () => {
    expect(open.unseal(sealer.seal("session-key", owner), owner)).toBeNull();
    expect(sealer.unseal(open.seal("session-key", owner), owner)).toBeNull();
  });
});

it("a fingerprint is short, stable, one-way and independent of the keys", () => {
  expect(sealer.fingerprint("0a1b2c3d")).toBe("cbf78f0ae0ca");
  expect(sealer.fingerprint("0a1b2c3d")).toBe(createSealer([]).fingerprint("0a1b2c3d"));
  expect(sealer.fingerprint("0a1b2c3d")).not.toBe(sealer.fingerprint("0a1b2c3e"));
});

it.each([
  ["a short key", [{ id: "a", key: randomBytes(16) }], /32/],
  ["an id with a dot", [{ id: "a.b", key: randomBytes(32) }], /id/],
  ["an id given twice", [older, { ...newer, id: older.id }], /twice/],
])("a ring with %s is refused", (_, keys, message) => {
  expect(() => createSealer(keys)).toThrow(message);
});

// The channel port, by the real client against the simulated Integrations API.
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startOutside } from "./outside-world.ts";
import type { Outside } from "./outside-world.ts";

let outside: Outside;
beforeEach(async () => {
  outside = await startOutside();
});
afterEach(() => outside.close());

const never = new AbortController().signal;
const text = 'Hola "tú"\n¿qué tal? 🙂';
const message = { channel: "whatsapp", userId: "5215512345678", messageId: "m-1", text } as const;
const toFacebook = { channel: "facebook", userId: "6543210987654321", messageId: "m-1", text } as const;
const phone = () => outside.world.parts.phones.log.read().entries.map(({ id, text, repeat }) => ({ id, text, repeat }));

describe("a text to a user", () => {
  it("is on the phone as it was said, under its id", async () => {
    expect(await outside.channel.say(message, never)).toEqual({ kind: "done", value: null });
    expect(phone()).toEqual([{ id: "m-1", text: message.text, repeat: false }]);
  });

  it("whose answer was lost goes again under the same id, by which the platform knows it", async () => {
    outside.world.parts.faults.add({ operation: "messages", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await outside.channel.say(message, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
    expect(await outside.channel.say(message, never)).toMatchObject({ kind: "done" });
    expect(phone().map(({ repeat }) => repeat)).toEqual([false, true]);
  });

  it.each(["garbage", "cut-body"] as const)("was taken when the receipt is unreadable (%s)", async (kind) => {
    outside.world.parts.faults.add({ operation: "messages", when: "after", effect: { kind } });
    expect(await outside.channel.say(message, never)).toEqual({ kind: "done", value: null });
    expect(phone()).toHaveLength(1);
  });

  it.each([
    [
      { kind: "status", status: 500 },
      { kind: "retry", mayHaveHappened: true },
    ],
    [
      { kind: "status", status: 429, retryAfterS: 5 },
      { kind: "retry", mayHaveHappened: false, retryAfterMs: 5_000 },
    ],
    [
      { kind: "status", status: 400, body: "no user 5215512345678" },
      { kind: "refused", detail: "status 400" },
    ],
    [
      { kind: "status", status: 401 },
      { kind: "refused", detail: "status 401" },
    ],
    [{ kind: "hang" }, { kind: "retry", mayHaveHappened: true }],
  ] as const)("is judged by %j", async (effect, outcome) => {
    outside.world.parts.faults.add({ operation: "messages", effect });
    expect(await outside.channel.say(message, never)).toMatchObject(outcome);
    expect(phone()).toHaveLength(0);
  });

  it("on a channel that is not served is refused and goes nowhere", async () => {
    expect(await outside.channel.say({ ...message, channel: "unknown" }, never)).toMatchObject({ kind: "refused" });
    expect(outside.world.parts.journal.log.end()).toBe(0);
  });

  it("is certainly not delivered while the platform is away", async () => {
    await outside.world.parts.exchanges.get("integrations")?.cut();
    expect(await outside.channel.say(message, never)).toMatchObject({ kind: "retry", mayHaveHappened: false });
    await outside.world.parts.exchanges.get("integrations")?.restore();
    expect(await outside.channel.say(message, never)).toMatchObject({ kind: "done" });
    expect(phone()).toHaveLength(1);
  });
});

describe("a text to a Facebook user", () => {
  const lines = () =>
    outside.world.parts.phones.log
      .read()
      .entries.map(({ channel, userId, text: shown }) => ({ channel, userId, text: shown }));

  it("is on the phone as it was said", async () => {
    expect(await outside.channel.say(toFacebook, never)).toEqual({ kind: "done", value: null });
    expect(lines()).toEqual([{ channel: "facebook", userId: toFacebook.userId, text }]);
  });

  it.each(["garbage", "cut-body"] as const)("was taken when the receipt is unreadable (%s)", async (kind) => {
    outside.world.parts.faults.add({ operation: "messages", when: "after", effect: { kind } });
    expect(await outside.channel.say(toFacebook, never)).toEqual({ kind: "done", value: null });
    expect(lines()).toHaveLength(1);
  });

  it("whose answer was lost may have happened: its repeat comes twice, for the form has no id", async () => {
    outside.world.parts.faults.add({ operation: "messages", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await outside.channel.say(toFacebook, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
    expect(await outside.channel.say(toFacebook, never)).toMatchObject({ kind: "done" });
    expect(lines()).toHaveLength(2);
  });
});

describe("a webhook", () => {
  const registered = () => [...outside.world.parts.integrations.registrations.values()];

  it.each([
    ["whatsapp", { botId: "sandbox-whatsapp-bot", phone: "+5215500000000", version: 0 }],
    ["facebook", { botId: "sandbox-facebook-bot", phone: "100000000000001", version: 3 }],
  ] as const)("of %s is registered, again, and removed once", async (provider, as) => {
    const { registration } = outside;
    for (let times = 0; times < 2; times += 1)
      expect(await registration.register(provider, "/v1/hook", never)).toEqual({ kind: "done", value: null });
    expect(registered()).toMatchObject([{ ...as, provider, webhook: "http://127.0.0.1:9/v1/hook" }]);
    expect(await registration.remove(provider, never)).toEqual({ kind: "done", value: null });
    expect(registered()).toEqual([]);
    expect(await registration.remove(provider, never)).toMatchObject({ kind: "refused", detail: "status 404" });
  });
});

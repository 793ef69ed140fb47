// What of a message becomes context, how long it is kept, and in which order it is shown.
import { describe, expect, it } from "vitest";

import { createUser, startMs } from "./user.ts";

describe("what is said outside a chat", () => {
  it("is kept from when it was received, whatever time its sender gives, and shown in the order of those times", () => {
    const user = createUser();
    const dayMs = 86_400_000;
    const stamped = {
      future: startMs + 90 * dayMs,
      fixed: 1_630_404_000_000,
      zero: 0,
      seconds: 1_630_404_000,
      now: startMs,
    };
    for (const [text, occurredAt] of Object.entries(stamped)) user.message(text, text, { occurredAt });
    user.nowMs = startMs + dayMs - 60_000;
    user.connect("r1");
    expect(user.state.interconnection).toMatchObject({
      context: ["zero", "seconds", "fixed", "now", "future"].map((text) => ({ text })),
    });
    const later = createUser();
    for (const [text, occurredAt] of Object.entries(stamped)) later.message(text, text, { occurredAt });
    later.nowMs = startMs + dayMs + 60_000;
    later.connect("r1");
    expect(later.state.interconnection).toMatchObject({ context: [] });
  });

  it("received in the future, as its producer says, is of now", () => {
    const user = createUser();
    user.message("m1", "one", { receivedAt: startMs + 1e12 });
    expect(user.memory.history).toMatchObject([{ receivedAt: user.nowMs }]);
  });

  it("is kept whatever its type is called: the ignored ones are the WhatsApp webhook's", () => {
    const user = createUser();
    user.message("m1", "one", { type: "status" });
    user.message("m2", "two", { type: "status", channel: "facebook" });
    expect(user.memory.history).toMatchObject([{ text: "one" }, { text: "two" }]);
  });

  it("keeps an audio without its caption", () => {
    const user = createUser();
    const media = { url: "https://m/1", mimeType: "audio/ogg", caption: "listen" };
    user.message("m1", null, { type: "audio", media });
    user.message("m2", null, { type: "voice", media });
    expect(user.memory.history).toMatchObject([{ media: { url: "https://m/1", caption: null } }, { media }]);
  });
});

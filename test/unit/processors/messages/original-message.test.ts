// Messages on the Go service's topic: which are texts that are still owed, and to whom.
import { describe, expect, it } from "vitest";

import { readOriginalMessage } from "../../../../src/processors/messages/original-message.ts";

function message(over: object = {}, inner: object = {}): Buffer {
  const said = {
    id: "",
    text: "hi",
    imageUrl: "",
    userID: "u",
    sessionKey: "k",
    affinityToken: "a",
    provider: "facebook",
  };
  const params = { message: { ...said, ...inner }, client: "c" };
  return Buffer.from(JSON.stringify({ id: "x", event_type: "send_message_to_user", params, trace_id: "1", ...over }));
}

describe("a message of the Go service", () => {
  it("is a text to the user or to the agent", () => {
    const text = { client: "c", userId: "u", channel: "facebook", text: "hi" };
    expect(readOriginalMessage(message())).toEqual({ to: "user", ...text });
    expect(readOriginalMessage(message({ event_type: "send_message_to_salesforce" }))).toEqual({
      to: "agent",
      ...text,
    });
  });

  it.each<[string, Buffer | null]>([
    ["without a value", null],
    ["that is no JSON", Buffer.from("{")],
    ["that is null", Buffer.from("null")],
    ["of another type", message({ event_type: "x" })],
    ["of a prototype's name", message({ event_type: "constructor" })],
    ["without words", message({}, { text: "" })],
    ["without a user", message({}, { userID: 7 })],
    ["without parameters", message({ params: null })],
  ])("%s is none", (_name, value) => {
    expect(readOriginalMessage(value)).toBeNull();
  });
});

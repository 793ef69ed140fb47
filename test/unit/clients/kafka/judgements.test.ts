// What errors of KafkaJS mean to the producer and to the consumer.
import kafkajs from "kafkajs";
import { describe, expect, it } from "vitest";

import { explainCrash, judgeCrash } from "../../../../src/clients/kafka/crash.ts";
import { judgeSend } from "../../../../src/clients/kafka/produce-errors.ts";

const named = (name: string, more: object = {}) => Object.assign(new Error("text"), { name, ...more });
const wrapped = (cause: Error) => new Error("outer", { cause: new Error("middle", { cause }) });
const protocol = (type: string) => named("KafkaJSProtocolError", { type });

describe("judgeSend", () => {
  it.each([
    ["MESSAGE_TOO_LARGE", "refused"],
    ["TOPIC_AUTHORIZATION_FAILED", "refused"],
    ["UNKNOWN_TOPIC_OR_PARTITION", "refused"],
    ["NOT_ENOUGH_REPLICAS", "answered"],
    ["NOT_LEADER_FOR_PARTITION", "trouble"],
    ["OUT_OF_ORDER_SEQUENCE_NUMBER", "answered"],
  ])("takes the broker's %s for %s, also when KafkaJS wraps it", (type, verdict) => {
    expect(judgeSend(protocol(type))).toEqual({ verdict, code: type });
    expect(judgeSend(wrapped(protocol(type)))).toEqual({ verdict, code: type });
  });

  it("takes silence for trouble, and a record that can't be encoded for refused", () => {
    expect(judgeSend(named("KafkaJSConnectionError")).verdict).toBe("trouble");
    expect(judgeSend("no error at all").verdict).toBe("trouble");
    expect(judgeSend(wrapped(new TypeError("x"))).verdict).toBe("refused");
  });

  it("ends with a chain of causes that closes on itself", () => {
    const one = new Error("one");
    one.cause = one;
    expect(judgeSend(one).verdict).toBe("trouble");
  });

  it("knows KafkaJS's own classes", () => {
    const { KafkaJSNonRetriableError } = kafkajs;
    expect(judgeSend(new KafkaJSNonRetriableError("x")).code).toBe("KafkaJSNonRetriableError");
  });
});

describe("judgeCrash", () => {
  it.each([
    [named("KafkaJSNotImplemented"), "fatal"],
    [named("AssignmentImpossible"), "fatal"],
    [protocol("INCONSISTENT_GROUP_PROTOCOL"), "fatal"],
    [protocol("GROUP_AUTHORIZATION_FAILED"), "fatal"],
    [named("KafkaJSConnectionError"), "outage"],
    [named("KafkaJSGroupCoordinatorNotFound"), "outage"],
    [named("KafkaJSNoBrokerAvailableError"), "outage"],
    [protocol("REBALANCE_IN_PROGRESS"), "other"],
    [new TypeError("inside KafkaJS"), "other"],
  ])("takes %s for %s, also as a cause", (error, verdict) => {
    expect(judgeCrash(error)).toBe(verdict);
    expect(judgeCrash(wrapped(error))).toBe(verdict);
  });
});

describe("explainCrash", () => {
  it("says that another protocol is in the group", () => {
    const text = "The group member's supported protocols are incompatible with those of existing members";
    expect(explainCrash(new Error(text)).message).toMatch(/APP_NAME/);
  });

  it("leaves other errors alone", () => {
    const error = new Error("x");
    expect(explainCrash(error)).toBe(error);
  });
});

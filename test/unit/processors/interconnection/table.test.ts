// What decide does with every kind of input in every status, one line each. A kind of input without a row, or a row without
// a status, does not compile; the count below fails when a schema gains a kind of input that table-inputs.ts does not make.
import { describe, expect, it } from "vitest";

import { deskEventKinds, dueKinds } from "./kinds.ts";
import { cell, columns, statusNames, type InputName, type StatusName } from "./table-inputs.ts";

type Row = Readonly<Record<StatusName, string>>;

/** The same in every status; a star stands for the status, which stays. */
function every(text: string): Row {
  const of = (status: StatusName): string => text.replace("*", status);
  return {
    NONE: of("NONE"),
    CONNECTING: of("CONNECTING"),
    ON_HOLD: of("ON_HOLD"),
    ACTIVE: of("ACTIVE"),
    CLOSED: of("CLOSED"),
    FAILED: of("FAILED"),
  };
}

// status after, +fact(reason), >command, ..bot state that waits for its delay, =answer, !dead letter, ~context
const table: Readonly<Record<InputName, Row>> = {
  connect: {
    ...every("CONNECTING +requested >EnsureContact"),
    CONNECTING: "CONNECTING +requested +refused(chat_open) =chat_open",
    ON_HOLD: "ON_HOLD +requested +refused(chat_open) =chat_open",
    ACTIVE: "ACTIVE +requested +refused(chat_open) =chat_open",
  },
  "connect, a repeat": {
    ...every("* =chat_created"),
    NONE: "CONNECTING +requested >EnsureContact",
    CONNECTING: "nothing",
    FAILED: "FAILED =contact_failed",
  },
  "connect, expired": {
    ...every("* +requested +refused(chat_open) =chat_open"),
    NONE: "FAILED +requested +refused(expired) ..from-sf-timeout =expired",
    CLOSED: "FAILED +requested +refused(expired) ..from-sf-timeout =expired",
    FAILED: "FAILED +requested +refused(expired) ..from-sf-timeout =expired",
  },
  "connect, channel unknown": {
    ...every("* +requested +refused(invalid_request) =invalid_request"),
    CONNECTING: "CONNECTING +requested +refused(chat_open) =chat_open",
    ON_HOLD: "ON_HOLD +requested +refused(chat_open) =chat_open",
    ACTIVE: "ACTIVE +requested +refused(chat_open) =chat_open",
  },
  "connect, name empty": {
    ...every("* +requested +refused(chat_open) =chat_open"),
    NONE: "FAILED +requested +refused(invalid_request) ..from-sf-timeout =invalid_request",
    CLOSED: "FAILED +requested +refused(invalid_request) ..from-sf-timeout =invalid_request",
    FAILED: "FAILED +requested +refused(invalid_request) ..from-sf-timeout =invalid_request",
  },
  finish: {
    ...every("CLOSED +ended(finish) +finish_done >EndChat >HandBack =chat_finished"),
    NONE: "NONE +refused(no_chat) =never_connected",
    CONNECTING: "FAILED +refused(finish) +finish_done >HandBack =chat_request_failed =chat_finished",
    CLOSED: "CLOSED +refused(no_chat) =no_chat",
    // Its connect was refused: there never was a chat.
    FAILED: "FAILED +refused(no_chat) =never_connected",
  },
  "operator: end_chat": {
    ...every("CLOSED +ended(operator) +operator_done >EndChat ..from-sf-timeout =operator_done"),
    NONE: "NONE +refused(no_chat) =never_connected",
    CONNECTING: "FAILED +refused(operator) +operator_done ..from-sf-timeout =chat_request_failed =operator_done",
    CLOSED: "CLOSED +refused(no_chat) =no_chat",
    // Its connect was refused: there never was a chat.
    FAILED: "FAILED +refused(no_chat) =never_connected",
  },
  "operator: rewrite": { ...every("* +operator_done =operator_done") },
  "operator: erase_user": {
    ...every("NONE +operator_done =operator_done"),
    CONNECTING: "FAILED +refused(operator) +operator_done ..from-sf-timeout =chat_request_failed =operator_done",
    ON_HOLD: "CLOSED +ended(operator) +operator_done >EndChat ..from-sf-timeout =operator_done",
    ACTIVE: "CLOSED +ended(operator) +operator_done >EndChat ..from-sf-timeout =operator_done",
  },
  "operator: unknown": { ...every("* +refused(invalid_request) =invalid_request") },
  "user: text": { ...every("* ~context"), ACTIVE: "ACTIVE +message_in >SayToAgent" },
  "user: text seen before": { ...every("nothing") },
  "user: blank text": { ...every("nothing") },
  "user: image": { ...every("* ~context"), ACTIVE: "ACTIVE +message_in >AttachFile" },
  "user: type not forwarded": {
    ...every("* ~context"),
    CONNECTING: "CONNECTING +message_ignored",
    ON_HOLD: "ON_HOLD +message_ignored",
    ACTIVE: "ACTIVE +message_ignored",
  },
  "user: neither words nor file": {
    ...every("nothing"),
    CONNECTING: "CONNECTING +message_ignored",
    ON_HOLD: "ON_HOLD +message_ignored",
    ACTIVE: "ACTIVE +message_ignored",
  },
  "user: restart keyword": {
    ...every("* ~context"),
    CONNECTING: "FAILED +refused(user) >HandBack =chat_request_failed",
    ON_HOLD: "CLOSED +ended(user) >EndChat >HandBack",
    ACTIVE: "CLOSED +ended(user) >EndChat >HandBack",
  },
  "bot: text": { ...every("* ~context") },
  "unknown author: text": { ...every("* ~context") },
  "desk: queued": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +queue_moved >SayToUser",
    ACTIVE: "ACTIVE",
    CLOSED: "CLOSED",
  },
  "desk: queue_moved": { ...every("nothing"), ON_HOLD: "ON_HOLD +queue_moved", ACTIVE: "ACTIVE", CLOSED: "CLOSED" },
  "desk: accepted": {
    ...every("nothing"),
    ON_HOLD: "ACTIVE +accepted +context_sent >SayToAgent >SayToAgent",
    ACTIVE: "ACTIVE +agent_joined",
    CLOSED: "CLOSED",
  },
  "desk: said": {
    ...every("nothing"),
    NONE: "NONE !chat_over",
    ON_HOLD: "ON_HOLD +message_out >SayToUser",
    ACTIVE: "ACTIVE +message_out >SayToUser",
    CLOSED: "CLOSED +message_failed(chat_over) !chat_over",
  },
  "desk: typing": { ...every("nothing"), ON_HOLD: "ON_HOLD +typing", ACTIVE: "ACTIVE +typing", CLOSED: "CLOSED" },
  "desk: not_typing": { ...every("nothing"), ON_HOLD: "ON_HOLD", ACTIVE: "ACTIVE", CLOSED: "CLOSED" },
  "desk: transferred": {
    ...every("nothing"),
    ON_HOLD: "ACTIVE +accepted +context_sent >SayToAgent >SayToAgent",
    ACTIVE: "ACTIVE +transferred",
    CLOSED: "CLOSED",
  },
  "desk: waiting_again": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +waiting",
    ACTIVE: "ACTIVE +waiting",
    CLOSED: "CLOSED",
  },
  "desk: agent_joined": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +agent_joined",
    ACTIVE: "ACTIVE +agent_joined",
    CLOSED: "CLOSED",
  },
  "desk: agent_left": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +agent_left",
    ACTIVE: "ACTIVE +agent_left",
    CLOSED: "CLOSED",
  },
  "desk: agent_disconnected": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +agent_disconnected",
    ACTIVE: "ACTIVE +agent_disconnected",
    CLOSED: "CLOSED",
  },
  "desk: custom": { ...every("nothing"), ON_HOLD: "ON_HOLD +custom", ACTIVE: "ACTIVE +custom", CLOSED: "CLOSED" },
  "desk: file_requested": {
    ...every("nothing"),
    ON_HOLD: "ON_HOLD +custom",
    ACTIVE: "ACTIVE +custom",
    CLOSED: "CLOSED",
  },
  "desk: refused": {
    ...every("nothing"),
    ON_HOLD: "FAILED +ended(desk_unavailable) ..from-sf-timeout",
    ACTIVE: "FAILED +ended(desk_unavailable) ..from-sf-timeout",
    CLOSED: "CLOSED",
  },
  "desk: ended": {
    ...every("nothing"),
    ON_HOLD: "CLOSED +ended(agent) >HandBack",
    ACTIVE: "CLOSED +ended(agent) >HandBack",
    CLOSED: "CLOSED",
  },
  "desk: data_rules": { ...every("nothing"), ON_HOLD: "ON_HOLD", ACTIVE: "ACTIVE", CLOSED: "CLOSED" },
  "desk: other": { ...every("nothing"), ON_HOLD: "ON_HOLD", ACTIVE: "ACTIVE", CLOSED: "CLOSED" },
  "desk: number known": { ...every("nothing"), NONE: "NONE !chat_over" },
  "desk: another generation": { ...every("nothing") },
  "desk: of another chat": { ...every("nothing") },
  reconnected: { ...every("nothing"), ON_HOLD: "ON_HOLD", ACTIVE: "ACTIVE" },
  lost: {
    ...every("nothing"),
    ON_HOLD: "CLOSED +ended(session_lost) >EndChat ..from-sf-timeout",
    ACTIVE: "CLOSED +ended(session_lost) >EndChat ..from-sf-timeout",
  },
  "lost, another generation": { ...every("nothing") },
  "EnsureContact done": { ...every("*"), CONNECTING: "CONNECTING +contact_created >EnsureCase" },
  "EnsureContact refused": {
    ...every("*"),
    CONNECTING: "FAILED +refused(contact_failed) >EndChat ..from-sf-timeout =contact_failed",
  },
  "EnsureCase done": { ...every("*"), CONNECTING: "CONNECTING +case_created >OpenSession" },
  "EnsureCase refused": {
    ...every("*"),
    CONNECTING: "FAILED +refused(case_failed) >EndChat ..from-sf-timeout =case_failed",
  },
  "CloseCase done": { ...every("* +case_closed"), NONE: "NONE" },
  "CloseCase refused": { ...every("* !undeliverable"), NONE: "NONE" },
  "OpenSession done": { ...every("* >EndChat"), NONE: "NONE", CONNECTING: "CONNECTING >RequestChat" },
  "OpenSession refused": {
    ...every("*"),
    CONNECTING: "FAILED +refused(session_failed) >EndChat ..from-sf-timeout =session_failed",
  },
  "RequestChat done": { ...every("*"), CONNECTING: "ON_HOLD +waiting =chat_created" },
  "RequestChat refused": {
    ...every("*"),
    CONNECTING: "FAILED +refused(chat_request_failed) >EndChat ..from-sf-timeout =chat_request_failed",
  },
  "SayToAgent done": { ...every("*") },
  "SayToAgent refused": {
    ...every("* +message_failed(chat_over) >SayToUser !undeliverable"),
    NONE: "NONE",
    ACTIVE: "ACTIVE +message_failed(refused_by_receiver) >SayToUser !undeliverable",
  },
  "AttachFile done": { ...every("* +file"), NONE: "NONE", ACTIVE: "ACTIVE +file >SayToAgent >SayToAgent" },
  "AttachFile refused": {
    ...every("* +file(refused_by_receiver) >SayToUser !undeliverable"),
    NONE: "NONE",
    ACTIVE: "ACTIVE +file(refused_by_receiver) >SayToAgent >SayToAgent >SayToUser !undeliverable",
  },
  "ReportToDesk done": { ...every("*") },
  "ReportToDesk refused": { ...every("*") },
  "EndChat done": { ...every("*") },
  "EndChat refused": { ...every("* !undeliverable"), NONE: "NONE" },
  "SayToUser done": { ...every("*") },
  "SayToUser refused": {
    ...every("* +message_failed(refused_by_receiver) !undeliverable"),
    NONE: "NONE",
    ACTIVE: "ACTIVE +message_failed(refused_by_receiver) >SayToAgent !undeliverable",
  },
  "HandBack done": { ...every("* +handed_back"), NONE: "NONE" },
  "HandBack refused": { ...every("* +hand_back_failed(refused_by_receiver) !undeliverable"), NONE: "NONE" },
  "result of no pending command": { ...every("nothing") },
  "due: opening_limit": {
    ...every("*"),
    CONNECTING: "FAILED +refused(opening_timeout) ..from-sf-timeout =opening_timeout",
  },
  "due: accept_limit": {
    ...every("*"),
    ON_HOLD: "CLOSED +ended(accept_timeout) >SayToUser >EndChat ..from-sf-timeout",
    ACTIVE: "CLOSED +ended(accept_timeout) >SayToUser >EndChat ..from-sf-timeout",
  },
  "due: hand_back": { ...every("* >HandBack"), NONE: "NONE" },
  "due: chat_too_old": {
    ...every("*"),
    ON_HOLD: "CLOSED +ended(too_old) >EndChat ..from-sf-timeout",
    ACTIVE: "CLOSED +ended(too_old) >EndChat ..from-sf-timeout",
  },
  "due: forget": { ...every("*"), CLOSED: "NONE", FAILED: "NONE" },
  "due: rewrite": { ...every("*"), NONE: "nothing" },
  // A user who has come back since has a chat again, and stays.
  "due: erase": { ...every("*"), NONE: "NONE", CLOSED: "NONE", FAILED: "NONE" },
  "due: close_case": { ...every("* >CloseCase"), NONE: "NONE" },
  "due: idle_warning": { ...every("nothing"), ACTIVE: "ACTIVE >ReportToDesk" },
  "due: idle_limit": { ...every("nothing"), ACTIVE: "CLOSED +ended(user_idle) >EndChat ..from-sf-timeout" },
  "due: unknown": { ...every("*") },
  "due: not waited for": { ...every("nothing") },
};

describe("decide, every input in every status", () => {
  const pairs = Object.keys(columns).flatMap((name) =>
    statusNames.map((status) => ({ name: name as InputName, status })),
  );

  it.each(pairs)("$status, $name", ({ name, status }) => {
    expect(cell(status, name)).toBe(table[name][status]);
  });

  it("has a row for every kind of desk event and due time of the schemas", () => {
    const names = Object.keys(table);
    expect(names).toEqual(expect.arrayContaining(deskEventKinds().map((kind) => `desk: ${kind}`)));
    expect(names).toEqual(expect.arrayContaining(dueKinds().map((kind) => `due: ${kind}`)));
    expect(deskEventKinds().length).toBeGreaterThan(10);
  });

  it("decides the same input twice to the same bytes", () => {
    for (const { name, status } of pairs) expect(cell(status, name)).toBe(cell(status, name));
  });
});

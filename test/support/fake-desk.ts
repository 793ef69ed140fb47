// A desk with the rules that matter to the graph: sessions with a route that can be moved, events that come again until they
// are acknowledged, one poll at a time, posts that carry numbers, contacts and cases. Keeps what the agents see, and what was
// done to it against its rules. For tests of the topology; its only time is the clock it is given.
import type { CaseFile } from "../../src/processors/desk/files.ts";
import type { Desk, OpenedSession, PollAnswer, PostOutcome } from "../../src/processors/desk/port.ts";
import { textMark } from "../../src/processors/desk/text-mark.ts";
import type { DeskEvent, DeskEventKind, DeskLostReason } from "../../src/processors/messages/generated.ts";
import type { Outcome } from "../../src/processors/outcome.ts";
import type { Clock } from "../../src/topology/ports.ts";
import { blankDeskEvent } from "./blank-desk-event.ts";
import type { DeskChat, DeskFault, FakeDesk, FakeDeskOptions } from "./fake-desk-types.ts";

interface Session {
  readonly id: string;
  readonly key: string;
  route: string;
  moves: number;
  gone: boolean;
  lostAs: DeskLostReason;
  lastPost: number;
  /** Posts are numbered from 1 after the reconnect that is due. */
  anew: boolean;
  movesWithText: boolean;
  events: DeskEvent[];
  nextNumber: number;
  /** Last event that an answer held. */
  answered: number;
  held: { readonly wake: () => void; readonly route: string } | null;
  /** From a reconnect until the resync. */
  resyncDue: boolean;
  chat: MutableChat | null;
}

type MutableChat = {
  -readonly [Key in keyof DeskChat]: DeskChat[Key] extends readonly (infer Item)[] ? Item[] : DeskChat[Key];
};

/** A desk that knows nobody yet. */
export function createFakeDesk(clock: Clock, options: FakeDeskOptions = {}): FakeDesk {
  const {
    honoursNumbers = true,
    tellsRepeats = false,
    repeatsAfterMove = true,
    holdMs = 20_000,
    pollTimeoutMs = 40_000,
    blocked = [],
    idle = {},
    dataRules = null,
  } = options;
  const sessions = new Map<string, Session>();
  const contacts = new Map<string, string>();
  const byPhone = new Map<string, string>();
  const cases: { caseId: string; contactId: string; subject: string; at: number }[] = [];
  const created: string[] = [];
  const closed = new Set<string>();
  const files: CaseFile[] = [];
  const chats: MutableChat[] = [];
  const calls: string[] = [];
  const faults = new Map<keyof Desk, DeskFault[]>();
  let forcedPoll: PollAnswer | null = null;
  let postsAreVoid = false;

  /** One call: does its work or not, and answers or not, as ordered. */
  async function call<Value>(
    name: keyof Desk,
    signal: AbortSignal,
    work: () => Value,
  ): Promise<Value | Outcome<never>> {
    calls.push(name);
    await Promise.resolve();
    const fault = faults.get(name)?.shift();
    if (fault?.kind === "throws") throw new TypeError("a defect of the client");
    if (fault?.kind === "hangs") return aborted(signal);
    if (fault?.kind === "slow")
      return Promise.race([
        new Promise<Value>((resolve) => void clock.after(fault.ms, () => resolve(work()))),
        aborted(signal),
      ]);
    if (fault?.kind === "refused") return { kind: "refused", detail: "400 fault", status: 400 };
    if (fault?.kind !== "retry") return work();
    if (fault.effect === "after") work();
    const mayHaveHappened = fault.effect === "after";
    return { kind: "retry", detail: "503 fault", status: 503, mayHaveHappened, retryAfterMs: null };
  }

  function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const end = (): void => reject(new Error("aborted"));
      if (signal.aborted) end();
      signal.addEventListener("abort", end, { once: true });
    });
  }

  function add(session: Session, kind: DeskEventKind, more: Partial<DeskEvent> = {}): void {
    session.events.push({ number: session.nextNumber, kind, ...blankDeskEvent, ...more });
    session.nextNumber += 1;
    if (session.held?.route === session.route) session.held.wake();
  }

  function post(session: OpenedSession, number: number, work: (known: Session) => void): PostOutcome {
    const known = sessions.get(session.id);
    if (known === undefined || known.gone || known.key !== session.key)
      return { kind: "refused", detail: "403 session", status: 403 };
    if (known.route !== session.route || postsAreVoid)
      return {
        kind: "retry",
        detail: "503 route",
        status: 503,
        mayHaveHappened: false,
        retryAfterMs: null,
        moved: true,
      };
    if (number > known.lastPost + 1) return { kind: "outOfStep", lastAccepted: known.lastPost };
    if (number <= known.lastPost && tellsRepeats) return { kind: "outOfStep", lastAccepted: known.lastPost };
    if (number <= known.lastPost && honoursNumbers) return { kind: "done", value: null };
    known.lastPost = Math.max(known.lastPost, number);
    if (known.resyncDue) known.chat?.early.push(String(number));
    work(known);
    return { kind: "done", value: null };
  }

  function openChat(session: Session, details: Pick<DeskChat, "visitorName" | "contactId" | "caseId">): void {
    const chat: MutableChat = {
      sessionId: session.id,
      ...details,
      seen: [],
      reports: [],
      early: [],
      ended: null,
      pollsAtOnce: 0,
      polls: 0,
      queue: (place) => add(session, "queued", { queuePosition: place }),
      accept: (agentName = "Agent", more = {}) => add(session, "accepted", { agentName, ...idle, ...more }),
      say: (text) => add(session, "said", { text, agentName: "Agent" }),
      event: (kind, more) => add(session, kind, more),
      end() {
        chat.ended = "agent";
        add(session, "ended", { reason: "agent" });
      },
      move(how) {
        if (how === "with the next text") {
          session.movesWithText = true;
          return;
        }
        session.moves += 1;
        session.route = `route-${session.id}-${String(session.moves)}`;
        const kept = session.events.filter(({ number }) => repeatsAfterMove || number > session.answered);
        session.answered = -1;
        session.events = kept.map((event, number) => ({ ...event, number }));
        session.nextNumber = session.events.length;
        session.anew ||= how === "anew";
        if (how !== "silently") session.held?.wake();
      },
      drop(reason = "session_gone") {
        session.gone = true;
        session.lostAs = reason;
        chat.ended ??= "desk";
        session.held?.wake();
      },
    };
    session.chat = chat;
    chats.push(chat);
    add(session, "queued", { queuePosition: 1, dataRules });
  }

  async function disturbedPoll({ pollTimeoutMs: dueMs }: OpenedSession): Promise<PollAnswer | null> {
    const fault = faults.get("poll")?.shift();
    if (fault?.kind === "hangs") {
      await new Promise<void>((resolve) => void clock.after(dueMs + 2_000, resolve));
      return { kind: "failed", detail: "no answer", retryAfterMs: null };
    }
    if (fault?.kind === "throws") throw new TypeError("a defect of the client");
    if (fault !== undefined) return { kind: "failed", detail: "503 fault", retryAfterMs: null };
    return forcedPoll;
  }

  async function poll(session: OpenedSession, position: number, signal: AbortSignal): Promise<PollAnswer> {
    calls.push("poll");
    await Promise.resolve();
    const known = sessions.get(session.id);
    const disturbed = await disturbedPoll(session);
    if (disturbed !== null) return disturbed;
    if (known === undefined || known.gone)
      return { kind: "lost", reason: known?.lostAs ?? "session_gone", detail: "403" };
    if (known.route !== session.route) return { kind: "moved" };
    if (known.chat !== null) known.chat.polls += 1;
    if (known.held !== null) {
      if (known.chat !== null) known.chat.pollsAtOnce = 2;
      return { kind: "conflict" };
    }
    known.events = known.events.filter(({ number }) => number > position);
    if (known.chat !== null) known.chat.pollsAtOnce = Math.max(1, known.chat.pollsAtOnce);
    if (known.events.length === 0) await heldPoll(known, signal);
    if (signal.aborted) throw new Error("aborted");
    if (isGone(session)) return { kind: "lost", reason: known.lostAs, detail: "403" };
    if (known.route !== session.route) return { kind: "moved" };
    const last = known.events.at(-1);
    if (last === undefined) return { kind: "nothing" };
    known.answered = last.number;
    return {
      kind: "events",
      position: last.number,
      resumeToken: `resume-${String(last.number)}`,
      events: known.events,
    };
  }

  /** Asked anew: it changes while one waits. */
  const isGone = ({ id }: OpenedSession): boolean => sessions.get(id)?.gone === true;

  function heldPoll(session: Session, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        session.held = null;
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = clock.after(holdMs, end);
      session.held = { wake: end, route: session.route };
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  const desk: Desk = {
    ensureContact: (request, mayExist, signal) =>
      call("ensureContact", signal, () => {
        const { email, phoneNumber } = request;
        const known = contacts.get(email) ?? (phoneNumber === null ? undefined : byPhone.get(phoneNumber));
        const contactId = known ?? `contact-${String(new Set(contacts.values()).size + 1)}`;
        if (known === undefined) contacts.set(email, contactId);
        if (known === undefined && phoneNumber !== null) byPhone.set(phoneNumber, contactId);
        return {
          kind: "done",
          value: { contactId, created: known === undefined || mayExist, blocked: blocked.includes(request.email) },
        };
      }),
    ensureCase: (request, mayExist, signal) =>
      call("ensureCase", signal, () => {
        const { contactId, subject, otherSubjects = [], chatId, notBefore, kept } = request;
        const left = cases.find(({ caseId }) => caseId === kept && !closed.has(caseId));
        if (left !== undefined) {
          left.subject = subject;
          return { kind: "done", value: { caseId: left.caseId, created: false } };
        }
        const subjects = [subject, ...otherSubjects];
        const known = cases.findLast(
          (each) => each.contactId === contactId && subjects.includes(each.subject) && each.at >= notBefore,
        );
        if (mayExist && known !== undefined) return { kind: "done", value: { caseId: known.caseId, created: true } };
        created.push(chatId);
        const caseId = `case-${String(created.length)}`;
        cases.push({ caseId, contactId, subject, at: clock.now() });
        return { kind: "done", value: { caseId, created: true } };
      }),
    closeCase: ({ caseId }, signal) =>
      call("closeCase", signal, () => {
        const isNew = !closed.has(caseId);
        closed.add(caseId);
        return { kind: "done", value: { closed: isNew } };
      }),
    attachFile: (file, signal) =>
      call("attachFile", signal, () => {
        files.push(file);
        return { kind: "done", value: null };
      }),
    findFile: ({ caseId, reference }, signal) =>
      call("findFile", signal, () => {
        const found = files.find((file) => file.caseId === caseId && file.reference === reference);
        return { kind: "done", value: found === undefined ? null : { title: found.title, sizeBytes: found.sizeBytes } };
      }),
    openSession: (signal) =>
      call("openSession", signal, () => {
        const id = `session-${String(sessions.size + 1)}`;
        const session: Session = {
          ...{ id, key: `key-${id}`, route: `route-${id}-0`, moves: 0, gone: false, lastPost: 0, anew: false },
          ...{ movesWithText: false, lostAs: "session_gone" },
          ...{ events: [], nextNumber: 0, answered: -1, held: null, resyncDue: false, chat: null },
        };
        sessions.set(id, session);
        return { kind: "done", value: { id, key: session.key, route: session.route, pollTimeoutMs, numbered: true } };
      }),
    requestChat: (session, { visitorName, contactId, caseId }, number, signal) =>
      call("requestChat", signal, () =>
        post(session, number, (known) => {
          if (known.chat === null) openChat(known, { visitorName, contactId, caseId });
        }),
      ),
    say: (session, text, number, signal) =>
      call("say", signal, () => {
        const outcome = post(session, number, (known) => void known.chat?.seen.push(text));
        const known = sessions.get(session.id);
        if (outcome.kind !== "done" || known?.movesWithText !== true) return outcome;
        known.movesWithText = false;
        known.chat?.move("anew");
        return { kind: "retry", detail: "connection reset", status: null, mayHaveHappened: true, retryAfterMs: null };
      }),
    report: (session, report, number, signal) =>
      call("report", signal, () => post(session, number, (known) => void known.chat?.reports.push(report))),
    end: (session, why, number, signal) =>
      call("end", signal, () => {
        const known = sessions.get(session.id);
        if (known === undefined || known.gone || known.chat?.ended === "agent") return { kind: "done", value: null };
        const over = (open: Session): void => {
          if (open.chat !== null) open.chat.ended ??= why === "user_idle" ? "idle visitor" : "visitor";
          open.gone = true;
          open.held?.wake();
        };
        // Where it is now, it goes whole.
        if (why !== "unsynced" && known.route === session.route) return post(session, number, over);
        over(known);
        return { kind: "done", value: null };
      }),
    poll,
    reconnect: (session, _resumeToken, signal) =>
      call("reconnect", signal, () => {
        const known = sessions.get(session.id);
        if (known === undefined || known.gone) return { kind: "refused", detail: "403", status: 403 };
        if (known.route === session.route) return { kind: "refused", detail: "405 no hand-over", status: 405 };
        known.resyncDue = true;
        // The desk tells first where the session stands.
        const others = known.events.map((event) => ({ ...event, number: event.number + 1 }));
        const texts = known.chat?.seen ?? [];
        const textsHeard = { count: texts.length, last: texts.length === 0 ? null : textMark(texts.at(-1) ?? "") };
        known.events = [{ ...blankDeskEvent, number: 0, kind: "other", textsHeard }, ...others];
        known.nextNumber += 1;
        const resetsPostSequence = known.anew;
        if (known.anew) known.lastPost = 0;
        known.anew = false;
        return { kind: "done", value: { session: { ...session, route: known.route }, resetsPostSequence } };
      }),
    resync: (session, signal) =>
      call("resync", signal, () => {
        const known = sessions.get(session.id);
        if (known !== undefined) known.resyncDue = false;
        return { kind: "done", value: null };
      }),
  };

  return {
    desk,
    chats,
    contacts,
    created,
    files,
    closed,
    get sessions() {
      return sessions.size;
    },
    calls,
    fail(name, ...more) {
      faults.set(name, [...(faults.get(name) ?? []), ...more]);
    },
    voidPosts(on) {
      postsAreVoid = on;
    },
    answerPolls(answer) {
      forcedPoll = answer;
      for (const { held } of sessions.values()) held?.wake();
    },
  };
}

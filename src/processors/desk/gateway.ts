// Performs the commands of the desk lane, and polls, on sealed sessions: secrets are opened here and sealed again before
// anything leaves; files are files.ts's. One try a call; the lane and the poller repeat.
import { again } from "../again.ts";
import type { Effect, Try } from "../effect.ts";
import type { DeskCommand, EndChat } from "../interconnection/commands.ts";
import type { CommandResult, DeskSession } from "../messages/generated.ts";
import type { Outcome } from "../outcome.ts";
import { unreachable } from "../unreachable.ts";
import { createFileAttacher, type Download } from "./files.ts";
import type { Desk, EndReason, OpenedSession, PollAnswer, PostOutcome, Sealer } from "./port.ts";

/** Whose session it is: the seal is bound to it. */
export interface SessionOwner {
  readonly userId: string;
  readonly chatId: string;
}

/** Carries out the commands of the desk lane, and polls. Sessions are sealed on this side of it. */
export interface DeskGateway {
  /** One try. Never rejects but by a defect; the port classifies what goes wrong outside. */
  perform(command: DeskCommand, attempt: Try): Promise<Effect>;
  /** One long poll; `position` is the number of the last event that is durably ours. Rejects only when aborted. */
  poll(owner: SessionOwner, session: DeskSession, position: number, signal: AbortSignal): Promise<PollAnswer>;
  /** After `moved`. The answer's session is sealed. */
  reconnect(
    owner: SessionOwner,
    session: DeskSession,
    resumeToken: string | null,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly session: DeskSession; readonly resetsPostSequence: boolean }>>;
  /** After the first answer that follows a reconnect. */
  resync(owner: SessionOwner, session: DeskSession, signal: AbortSignal): Promise<Outcome<null>>;
}

const unreadable = "the session's secrets can't be opened with the configured keys";

/** The gateway on the desk, the seal of its sessions, and the way to users' files. */
export function createDeskGateway(ports: {
  readonly desk: Desk;
  readonly sealer: Sealer;
  readonly download: Download;
}): DeskGateway {
  const { desk, sealer } = ports;
  const attach = createFileAttacher(ports.download, desk);

  /** Opened once for as long as the state holds the session: its polls and posts would open it again each time. */
  const known = new WeakMap<DeskSession, { readonly owner: SessionOwner; readonly opened: OpenedSession }>();

  function open(owner: SessionOwner, session: DeskSession): OpenedSession | null {
    const before = known.get(session);
    if (before?.owner.userId === owner.userId && before.owner.chatId === owner.chatId) return before.opened;
    const key = sealer.unseal(session.key, owner);
    const route = sealer.unseal(session.route, owner);
    if (key === null || route === null) return null;
    const { id, pollTimeoutMs, numbered } = session;
    const opened = { id, key, route, pollTimeoutMs, numbered };
    known.set(session, { owner, opened });
    return opened;
  }

  function seal(owner: SessionOwner, session: OpenedSession): DeskSession {
    return {
      id: session.id,
      key: sealer.seal(session.key, owner),
      route: sealer.seal(session.route, owner),
      generation: sealer.fingerprint(session.route),
      pollTimeoutMs: session.pollTimeoutMs,
      numbered: session.numbered,
    };
  }

  async function post(
    command: Extract<DeskCommand, { readonly session: DeskSession }>,
    attempt: Try,
    call: (session: OpenedSession) => Promise<PostOutcome>,
  ): Promise<Effect> {
    const session = open({ userId: attempt.userId, chatId: command.chatId }, command.session);
    if (session === null) return finished("broken", unreadable);
    const outcome = await call(session);
    if ("moved" in outcome) return { ...again(outcome), sessionMoved: true };
    if (outcome.kind !== "outOfStep")
      return effectOf(outcome, null, outcome.kind === "done" ? attempt.postSequence : null);
    // A number that the desk has accepted already: by an earlier try of this command it is done; otherwise our count was
    // behind and the text has not been said.
    if (outcome.lastAccepted >= attempt.postSequence && attempt.mayHaveHappened)
      return finished("done", null, outcome.lastAccepted);
    return {
      kind: "again",
      reason: "post out of step",
      mayHaveHappened: false,
      retryAfterMs: null,
      postSequence: outcome.lastAccepted + 1,
    };
  }

  return {
    async perform(command, attempt) {
      const { signal, mayHaveHappened, postSequence } = attempt;
      switch (command.kind) {
        case "EnsureContact": {
          const outcome = await desk.ensureContact(command, mayHaveHappened, signal);
          return effectOf(outcome, (value) => ({ type: "ContactReady", ...value }));
        }
        case "EnsureCase": {
          const outcome = await desk.ensureCase(command, mayHaveHappened || command.mayExist === true, signal);
          return effectOf(outcome, (value) => ({ type: "CaseReady", ...value }));
        }
        case "CloseCase": {
          const outcome = await desk.closeCase(command, signal);
          return effectOf(outcome, (value) => ({ type: "CaseClosed", ...value }));
        }
        case "OpenSession": {
          const owner = { userId: attempt.userId, chatId: command.chatId };
          const outcome = await desk.openSession(signal);
          return effectOf(outcome, (value) => ({ type: "SessionOpened", session: seal(owner, value) }));
        }
        case "RequestChat":
          return post(command, attempt, (session) => desk.requestChat(session, command, postSequence, signal));
        case "SayToAgent":
          return post(command, attempt, (session) => desk.say(session, command.text, postSequence, signal));
        case "AttachFile": {
          const outcome = await attach(command, attempt);
          return effectOf(outcome, (value) => ({ type: "FileAttached", ...value }));
        }
        case "EndChat":
          return post(command, attempt, (session) => desk.end(session, endReason(command), postSequence, signal));
        case "ReportToDesk":
          return post(command, attempt, (session) => desk.report(session, command.report, postSequence, signal));
        default:
          return unreachable(command);
      }
    },
    async poll(owner, session, position, signal) {
      const opened = open(owner, session);
      if (opened === null) return { kind: "lost", reason: "secret_unreadable", detail: unreadable };
      return desk.poll(opened, position, signal);
    },
    async reconnect(owner, session, resumeToken, signal) {
      const opened = open(owner, session);
      if (opened === null) return { kind: "broken", detail: unreadable, status: null };
      const outcome = await desk.reconnect(opened, resumeToken, signal);
      if (outcome.kind !== "done") return outcome;
      const { resetsPostSequence } = outcome.value;
      return { kind: "done", value: { session: seal(owner, outcome.value.session), resetsPostSequence } };
    },
    async resync(owner, session, signal) {
      const opened = open(owner, session);
      if (opened === null) return { kind: "broken", detail: unreadable, status: null };
      return desk.resync(opened, signal);
    },
  };
}

function effectOf<Value>(
  outcome: Outcome<Value>,
  data: ((value: Value) => CommandResult["data"]) | null,
  postSequence: number | null = null,
): Effect {
  switch (outcome.kind) {
    case "done":
      return finished("done", null, postSequence, data === null ? null : data(outcome.value));
    case "refused":
    case "broken":
      return finished(outcome.kind, outcome.detail);
    case "retry":
      return again(outcome);
  }
}

function endReason({ isUnsynced, isUserIdle }: EndChat): EndReason {
  if (isUnsynced === true) return "unsynced";
  return isUserIdle === true ? "user_idle" : "left";
}

function finished(
  outcome: "done" | "refused" | "broken",
  reason: string | null,
  postSequence: number | null = null,
  data: CommandResult["data"] = null,
): Effect {
  return { kind: "finished", outcome, reason, postSequence, data };
}

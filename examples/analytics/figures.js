// From facts to figures: what happened in every chat. Pure; knows nothing of Kafka. Facts may come twice and are dropped by eventId;
// within a chat their sequence orders them, not their time.

/** Who stands behind a reason of `ended`; a reason that is not here is newer than this program. */
const enders = {
  agent: "agent",
  user: "user",
  finish: "finish",
  operator: "operator",
  accept_timeout: "service",
  too_old: "service",
  session_lost: "desk",
  reconnect_failed: "desk",
  poll_budget: "desk",
  agent_disconnected: "desk",
  desk_unavailable: "desk",
  desk_blocked: "desk",
  desk_refused: "desk",
  desk_ended: "desk",
};

/** Chats in the order of their first fact, and requests that never became a chat. */
export function figuresOf(facts) {
  const seen = new Set();
  const byChat = new Map();
  const refused = [];
  for (const fact of facts) {
    if (seen.has(fact.eventId)) continue;
    seen.add(fact.eventId);
    if (fact.chatId === null) {
      if (fact.kind === "refused") refused.push({ requestId: fact.requestId, reason: fact.reason });
    } else if (byChat.has(fact.chatId)) byChat.get(fact.chatId).push(fact);
    else byChat.set(fact.chatId, [fact]);
  }
  const chats = [...byChat.values()].map(chatFigures);
  // A chat that was being opened and was refused is a refused request as well.
  for (const chat of chats)
    if (chat.outcome === "refused") refused.push({ requestId: chat.requestId, reason: chat.reason });
  return { chats, refused };
}

function chatFigures(unordered) {
  const facts = [...unordered].sort((a, b) => a.sequence - b.sequence);
  const first = (kind) => facts.find((fact) => fact.kind === kind);
  const count = (...kinds) => facts.filter(({ kind }) => kinds.includes(kind)).length;
  const [waiting, accepted, ended, refused] = ["waiting", "accepted", "ended", "refused"].map(first);
  const between = (from, to) => (from === undefined || to === undefined ? null : to.occurredAt - from.occurredAt);
  const end = ended ?? refused;
  return {
    chatId: facts[0].chatId,
    requestId: first("requested")?.requestId ?? null,
    caseId: facts.findLast(({ caseId }) => caseId !== null)?.caseId ?? null,
    outcome: outcomeOf({ waiting, accepted, ended, refused }),
    // From the queue to the agent, or to the end where none came.
    waitedMs: between(waiting, accepted ?? ended),
    // From the agent's accept to the end.
    durationMs: between(accepted, ended),
    agents: [...new Set(facts.map(({ agentName }) => agentName).filter((name) => name !== null))],
    messagesIn: count("message_in"),
    filesIn: count("file"),
    messagesOut: count("message_out"),
    messagesFailed: count("message_failed"),
    endedBy: ended === undefined ? null : (enders[ended.reason] ?? "unknown"),
    reason: end?.reason ?? null,
    handedBack: first("handed_back")?.botState ?? null,
    // Numbers without gaps from 1: nothing is missing so far.
    isWhole: facts.every(({ sequence }, i) => sequence === i + 1),
  };
}

function outcomeOf({ waiting, accepted, ended, refused }) {
  if (refused !== undefined) return "refused";
  if (ended === undefined) return accepted !== undefined ? "talking" : waiting !== undefined ? "waiting" : "opening";
  return accepted === undefined ? "unanswered" : "answered";
}

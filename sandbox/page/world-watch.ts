// Owns looking at the world for the page: reads its logs from where it left off, and tells what is new in the page's own shapes. It only
// looks; what visitors do goes through the world's own routes. Called by page.ts at every beat.
import { CROWD_FLOW, PAGE_AGENT_IDS } from "../environment.ts";
import type { AppendLog } from "../world/append-log.ts";
import type { JournalEntry } from "../world/journal.ts";
import type { ScreenText } from "../world/live-agent/desk.ts";
import type { Session } from "../world/live-agent/session.ts";
import type { Person } from "../world/people.ts";
import type { PhoneLine as WorldLine } from "../world/phone.ts";
import type { Delivery } from "../world/webhooks.ts";
import type { WorldParts } from "../world/world-parts.ts";
import { createArrivals } from "./arrivals.ts";
import { caseFiles } from "./case-files.ts";
import { traceOfScreenLine, type SeenCall, type SeenWebhook } from "./traces.ts";
import type { Agent, Arrival, Batch, CaseFile, DeskChat, PhoneLine, ScreenLine, Tally, User } from "./protocol.ts";

/** What is new since the last look, in the order in which it happened within each list. */
export interface Sights extends Omit<Batch, "records" | "counts" | "conditions"> {
  readonly calls: readonly SeenCall[];
  readonly webhooks: readonly SeenWebhook[];
}

/** A watcher of one world. */
export interface WorldWatch {
  look(): Sights;
}

/** A watcher that has seen nothing yet. */
export function watchWorld(parts: WorldParts): WorldWatch {
  const phone = reader(parts.phones.log);
  const screen = reader(parts.desk.screens);
  const journal = reader(parts.journal.log);
  const webhooks = reader(parts.webhooks.log);
  const users = changes<User>();
  const chats = changes<DeskChat>();
  const agents = changes<Agent>();
  const files = changes<CaseFile>();
  const tally = changes<{ readonly id: string; readonly tally: Tally }>();
  const arrivals = createArrivals();
  const living = new Map<string, Session>();
  /** When the bot spoke to a user last, monotonic: from then on it has the user. */
  const botSpoke = new Map<string, number>();
  const asked = new Set<string>();
  let filesSeen: readonly CaseFile[] = [];

  const seePhone = (line: WorldLine & { n: number }): readonly Arrival[] => {
    const { n, at, atMs, userId: user, from, id, text } = line;
    if (from === "service") return arrivals.seenOnPhone({ at, user, text });
    if (from === "bot") {
      botSpoke.set(user, atMs);
      arrivals.handedBack(user, at);
    } else if (line.file === undefined && isOwed(user, atMs)) arrivals.saidByUser({ n, at, user, id, text });
    return [];
  };
  const seeScreen = ({ n, at, user, from, text }: ScreenLine, atMs: number): readonly Arrival[] => {
    if (from === "visitor") return arrivals.seenOnScreen({ at, user, text });
    if (isOwed(user, atMs)) arrivals.saidByAgent({ n, at, user, text });
    return [];
  };
  /** Whether what is said at that moment has to come to the other side: an agent has the user, and the bot has not. */
  const isOwed = (user: string, atMs: number): boolean =>
    [...living.values()].some(
      ({ user: whose, state, engagedAtMs = Infinity, overAtMs = 0 }) =>
        whose === user &&
        engagedAtMs <= atMs &&
        (state === "ENGAGED" || atMs <= overAtMs) &&
        (botSpoke.get(user) ?? -Infinity) < engagedAtMs,
    );
  /** What did not come is nobody's loss where the bot has it. */
  const settle = async (user: string): Promise<void> => {
    asked.add(user);
    arrivals.settle(user, parts.clock.nowMs(), await parts.bot.context(user));
    asked.delete(user);
  };
  /** Sessions that live, and those that lived at the last look. */
  const sessions = (): DeskChat[] => {
    const seen = [...living.values()].flatMap((session) => chatOf(session) ?? []);
    for (const session of living.values()) if (!parts.desk.byKey.has(session.key)) living.delete(session.id);
    return seen;
  };

  return {
    look() {
      for (const session of parts.desk.byKey.values()) living.set(session.id, session);
      // Lines of both sides in the order of their time: what is said comes before what is seen.
      const lines = [...phone().filter(({ shown }) => shown), ...screen()].sort(
        (one, other) => one.atMs - other.atMs || Number("userId" in other) - Number("userId" in one),
      );
      const sights = { phone: [] as PhoneLine[], screen: [] as ScreenLine[], arrivals: [] as Arrival[] };
      for (const line of lines) {
        if ("userId" in line) {
          sights.phone.push(phoneLine(parts, line));
          sights.arrivals.push(...seePhone(line));
        } else {
          sights.screen.push(screenLine(line));
          sights.arrivals.push(...seeScreen(screenLine(line), line.atMs));
        }
      }
      const calls = journal();
      const deliveries = webhooks();
      const now = parts.clock.nowMs();
      for (const { id, outcome } of deliveries) arrivals.delivered(id, now, outcome === "accepted");
      for (const user of arrivals.toSettle(now)) if (!asked.has(user)) void settle(user);
      if (calls.some(({ operation }) => operation === "composite")) filesSeen = caseFiles(parts.desk.records);
      return {
        ...sights,
        calls: calls.map(seenCall),
        webhooks: deliveries.map((delivery) => seenWebhook(parts, delivery)),
        users: users(parts.people.list().map((person) => userOf(parts, person))),
        chats: chats(sessions()),
        agents: agents(PAGE_AGENT_IDS.flatMap((id) => parts.desk.agents.get(id) ?? []).map(agentOf)),
        files: files(filesSeen),
        tally: tally([{ id: "tally", tally: arrivals.tally() }])[0]?.tally ?? null,
      };
    },
  };
}

/** Reads a log on from where it left off; what was forgotten meanwhile is left out. */
function reader<T extends object>(log: AppendLog<T>): () => readonly (T & { readonly n: number })[] {
  let since = 0;
  return () => {
    const page = log.read({ since });
    since = page.next;
    return page.entries;
  };
}

/** Of a list, those entries that are not as they were. */
function changes<T extends { readonly id: string }>(): (entries: readonly T[]) => T[] {
  const known = new Map<string, string>();
  return (entries) =>
    entries.filter((entry) => {
      const text = JSON.stringify(entry);
      if (known.get(entry.id) === text) return false;
      known.set(entry.id, text);
      return true;
    });
}

function phoneLine(
  { media }: WorldParts,
  { n, at, userId: user, from, id, text, file }: WorldLine & { readonly n: number },
): PhoneLine {
  if (file === undefined) return { n, at, user, from, id, text, file: null };
  const { type, mimeType = "" } = file;
  const url = file.url.startsWith(`${media.url}/`) ? `/media${file.url.slice(media.url.length)}` : null;
  // A file without words stands in the world's log by its address.
  const words = url !== null && text === file.url ? "" : text;
  return { n, at, user, from, id, text: words, file: { type, url, mimeType } };
}

function screenLine(line: ScreenText & { readonly n: number }): ScreenLine {
  const { n, at, sessionId, user, from, text, agentId } = line;
  const trace = from === "agent" ? traceOfScreenLine(n) : null;
  return { n, at, session: sessionId, user: user ?? "", from, text, agent: agentId ?? "", trace };
}

function seenCall({ arrivedAt, system, operation, user, status, request }: JournalEntry): SeenCall {
  return { at: arrivedAt, system, operation, user: user ?? null, status, request };
}

function seenWebhook({ clock }: WorldParts, { id, endedMs, attempts, outcome }: Delivery): SeenWebhook {
  return { id, at: Math.round(clock.nowMs() - (clock.monotonicMs() - endedMs)), attempts, outcome };
}

function userOf({ bot }: WorldParts, { userId, name, channel, extraData }: Person): User {
  const isCrowd = extraData?.["source_flow_bot"] === CROWD_FLOW;
  return { id: userId, name, channel, holder: bot.holder(userId), isCrowd };
}

function agentOf({ id, name, online }: { id: string; name: string; online: boolean }): Agent {
  return { id, name, online };
}

function chatOf(session: Session): DeskChat | undefined {
  const { id, user, visitor, state, agentId, declinedBy, endedBy, createdAt, violations } = session;
  if (state === "NEW") return undefined;
  return {
    id,
    user: user ?? "",
    name: visitor?.visitorName ?? "",
    state,
    agent: agentId ?? null,
    declinedBy: [...declinedBy],
    endedBy: endedBy ?? null,
    createdAt,
    caseId: visitor?.linked["Case"] ?? null,
    violations: [...violations],
  };
}

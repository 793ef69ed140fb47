// Parts 3 to 5, all on open chats: added latency both ways and CPU per message, memory, takeover after a kill. The world of the sandbox is
// in this process, and every call goes over HTTP: its time is in the latencies. Called by main.ts.
import { setTimeout as delay } from "node:timers/promises";

import type { Session } from "../sandbox/world/live-agent/session.ts";
import { startChatter } from "../test/support/chatter.ts";
import { createConversations, describeLatencies } from "../test/support/conversations.ts";
import { eventually } from "../test/support/eventually.ts";
import { allPolled, gapsOfAbandonedPolls, longestGapMs } from "../test/support/poll-gaps.ts";
import { openStage, type Stage } from "../test/support/stage.ts";
import { loadNow, paceBetween, type Report } from "./figures.ts";
import { profiled, sampleService } from "./measured-service.ts";

/** Open chats, and how much is said in them. */
export interface TalkSize {
  readonly chats: number;
  /** Both ways together. */
  readonly messagesPerSecond: number;
  readonly talkMs: number;
}

const settings = { KAFKA_PARTITIONS: "12", LOG_LEVEL: "warn" };
/** So many users ask for an agent at a time. */
const openedAtOnce = 10;
const takenOverMs = 60_000;

/** Opens chats, talks in them at a pace, and says what each message took and cost, and what the process holds. */
export async function measureTalk({ chats, messagesPerSecond, talkMs }: TalkSize): Promise<Report> {
  const stage = await openStage({ file: import.meta.url, settings, start: false });
  try {
    await stage.service.start(profiled());
    const idle = await sampleService(stage.service);
    const people = Object.fromEntries(Array.from({ length: chats }, (_, i) => `u${String(i)}`).map(introduce(stage)));
    await openAll(stage, Object.values(people));
    const talk = createConversations(stage, people);
    const before = await sampleService(stage.service);
    const chatter = startChatter(talk, Object.keys(people), 2_000 / messagesPerSecond);
    await delay(talkMs);
    await chatter.stop();
    await talk.drained();
    const after = await sampleService(stage.service);
    await stage.service.terminate();
    const { userToAgent, agentToUser } = talk.latencies();
    const said = userToAgent.length + agentToUser.length;
    const { cpuUsEach } = paceBetween({ ...before, count: 0 }, { ...after, count: said });
    const name = `talk, ${String(chats)} chats`;
    return [
      describeLatencies(`${name}: user to agent`, userToAgent),
      describeLatencies(`${name}: agent to user`, agentToUser),
      `${name}: ${String(said)} messages, ${((said * 1_000) / talkMs).toFixed(0)} a second, CPU of the service each ${(cpuUsEach / 1_000).toFixed(2)} ms`,
      `${name}: resident ${megabytes(after.memoryBytes)} MiB, ${megabytes(idle.memoryBytes)} MiB before the first chat, load average ${loadNow().toFixed(1)}`,
    ];
  } finally {
    await stage.close();
  }
}

/** Opens chats at two instances, kills one, and says how long until its chats, about half, are polled again. */
export async function measureTakeover(chats: number): Promise<Report> {
  const stage = await openStage({ file: import.meta.url, settings, instances: 2 });
  try {
    const people = Array.from({ length: chats }, (_, i) => stage.user(`u${String(i)}`));
    const sessions = await openAll(stage, people);
    await eventually("every chat is polled", () => allPolled(sessions));
    const { clock } = stage.world.parts;
    const killedMs = clock.monotonicMs();
    await stage.service.kill();
    await eventually("the desk has missed polls", () => !allPolled(sessions));
    await eventually("every chat is polled again", () => allPolled(sessions), { timeoutMs: takenOverMs });
    const tookMs = clock.monotonicMs() - killedMs;
    const taken = new Set(gapsOfAbandonedPolls(sessions, killedMs).map(({ session }) => session)).size;
    return [
      `takeover: ${String(taken)} of ${String(chats)} chats taken over, all polled again ${(tookMs / 1_000).toFixed(1)} s after the kill, longest time without a poll ${(longestGapMs(sessions, killedMs) / 1_000).toFixed(1)} s, session timeout 6 s, load average ${loadNow().toFixed(1)}`,
    ];
  } finally {
    await stage.close();
  }
}

function introduce(stage: Stage): (alias: string) => [string, ReturnType<Stage["user"]>] {
  return (alias) => [alias, stage.user(alias)];
}

async function openAll(stage: Stage, people: readonly ReturnType<Stage["user"]>[]): Promise<readonly Session[]> {
  const sessions: Session[] = [];
  for (let at = 0; at < people.length; at += openedAtOnce)
    sessions.push(...(await Promise.all(people.slice(at, at + openedAtOnce).map((person) => stage.openChat(person)))));
  return sessions;
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

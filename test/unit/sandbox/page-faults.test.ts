// The page's switches without a page: what each does to the world, that nothing is broken twice or left open, and which signs count as
// healed.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createFaultBoard, type FaultBoard } from "../../../sandbox/page/fault-board.ts";
import type { Breakable, Evidence } from "../../../sandbox/page/fault-kinds.ts";
import { DEFAULT_ORG } from "../../../sandbox/world/defaults.ts";
import { startRespServer, type RespServer } from "../../support/resp-server.ts";
import { call, engagedVisitor, stillWorld, type StillWorld } from "../sandbox-world/harness.ts";

interface Kafka {
  pauses: number;
  resumes: number;
  /** Set while a pause is held up. */
  held: PromiseWithResolvers<void> | undefined;
  refusal: Error | undefined;
}

const state: {
  world: StillWorld | undefined;
  redis: RespServer | undefined;
  board: FaultBoard | undefined;
  kafka: Kafka;
  now: number;
} = {
  world: undefined,
  redis: undefined,
  board: undefined,
  kafka: { pauses: 0, resumes: 0, held: undefined, refusal: undefined },
  now: 0,
};
const world = (): StillWorld => {
  if (state.world === undefined) throw new Error("no world");
  return state.world;
};
const board = (): FaultBoard => {
  if (state.board === undefined) throw new Error("no board");
  return state.board;
};

beforeEach(async () => {
  state.world = await stillWorld();
  state.redis = await startRespServer({});
  const kafka: Kafka = { pauses: 0, resumes: 0, held: undefined, refusal: undefined };
  Object.assign(state, { kafka, now: 1_000 });
  const pausable = {
    async pause() {
      kafka.pauses += 1;
      await kafka.held?.promise;
      if (kafka.refusal !== undefined) throw kafka.refusal;
    },
    async resume() {
      kafka.resumes += 1;
      if (kafka.refusal !== undefined) throw kafka.refusal;
    },
  } as unknown as Breakable["services"]["kafka"];
  const killService = async (): Promise<void> => {
    throw new Error("there is nothing to kill");
  };
  const { parts } = world();
  const { address: redis } = state.redis;
  state.board = createFaultBoard({ parts, services: { kafka: pausable }, redis, killService }, () => state.now);
});
afterEach(async () => {
  state.kafka.refusal = undefined;
  await board().close();
  await state.redis?.close();
  await world().close();
});

const newest = (): ReturnType<FaultBoard["incidents"]>[number] | undefined => board().incidents()[0];
const isOn = (name: string): boolean | undefined =>
  board()
    .faults()
    .find((one) => one.name === name)?.isOn;

/** Evidence of records on the changelog: kind and partition each. */
function records(...list: readonly (readonly [kind: string, partition: number])[]): Evidence {
  const at = state.now;
  const topic = "interconnections";
  return { calls: [], instances: [], records: list.map(([kind, partition]) => ({ at, topic, kind, partition })) };
}

function answered(system: string, operation: string, status: number): Evidence {
  const one = { at: state.now, system, operation, status, user: null, request: null };
  return { calls: [one], instances: [], records: [] };
}

describe("what a switch does", () => {
  it("refuses every call to Salesforce, and counts them", async () => {
    const get = (): Promise<number> =>
      call("GET", `${world().salesforceUrl}/chat/rest/System/SessionId`).then(({ status }) => status);
    const before = await get();
    await board().breakIt("salesforce-503", null);
    expect([before === 503, await get(), await get()]).toEqual([false, 503, 503]);
    await board().mend("salesforce-503");
    expect(await get()).toBe(before);
    expect(newest()).toMatchObject({ struck: 2, endedAt: 1_000 });
  });

  it("freezes Kafka, and lets it go on", async () => {
    await board().breakIt("kafka-paused", null);
    expect([state.kafka.pauses, state.kafka.resumes, isOn("kafka-paused")]).toEqual([1, 0, true]);
    await board().mend("kafka-paused");
    expect([state.kafka.pauses, state.kafka.resumes, isOn("kafka-paused")]).toEqual([1, 1, false]);
  });

  it("flushes Redis", async () => {
    await board().breakIt("redis-flushed", null);
    expect(state.redis?.commands).toContain("flushall");
  });

  it("ends every access token", async () => {
    const { clientId, clientSecret, username, password, securityToken } = DEFAULT_ORG;
    const form = { grant_type: "password", client_id: clientId, client_secret: clientSecret, username };
    const { body } = await call(
      "POST",
      `${world().salesforceUrl}/services/oauth2/token`,
      { "content-type": "application/x-www-form-urlencoded" },
      new URLSearchParams({ ...form, password: password + securityToken }).toString(),
    );
    const token = `Bearer ${(body as { readonly access_token: string }).access_token}`;
    const check = (): void => world().parts.oauth.check(token);
    expect(check).not.toThrow();
    await board().breakIt("session-expired", null);
    expect(check).toThrow();
  });

  it("moves every chat to another server of Live Agent", async () => {
    const { visitor, ack } = await engagedVisitor(world());
    await board().breakIt("desk-moved", null);
    expect((await visitor.poll(ack)).status).toBe(503);
  });
});

describe("the board", () => {
  it("breaks once what two ask for at once, and its one incident ends", async () => {
    state.kafka.held = Promise.withResolvers();
    const both = [board().breakIt("kafka-paused", null), board().breakIt("kafka-paused", 5)];
    expect(isOn("kafka-paused")).toBe(false);
    state.kafka.held.resolve();
    await Promise.all(both);
    expect(isOn("kafka-paused")).toBe(true);
    await board().mend("kafka-paused");
    expect([state.kafka.pauses, state.kafka.resumes]).toEqual([1, 1]);
    expect(board().incidents()).toMatchObject([{ fault: "kafka-paused", endedAt: 1_000 }]);
  });

  it("undoes what is mended while it is still being caused", async () => {
    state.kafka.held = Promise.withResolvers();
    const breaking = board().breakIt("kafka-paused", 5);
    const mending = board().mend("kafka-paused");
    state.kafka.held.resolve();
    await Promise.all([breaking, mending]);
    expect([state.kafka.resumes, isOn("kafka-paused"), newest()?.endedAt]).toEqual([1, false, 1_000]);
  });

  it("ends the incident of a fault that could not be caused, with the reason, and tries anew", async () => {
    await expect(board().breakIt("service-killed", null)).rejects.toThrow("nothing to kill");
    expect(newest()).toMatchObject({
      endedAt: 1_000,
      healedAt: null,
      isFailed: true,
      note: "there is nothing to kill",
    });
    board().observe({
      ...records(),
      instances: [{ number: 1, pid: 5, isReady: true, askedAt: 2_000 }],
    });
    expect(newest()?.healedAt).toBeNull();
    await expect(board().breakIt("service-killed", null)).rejects.toThrow("nothing to kill");
    expect(board().incidents()).toHaveLength(2);
  });

  it("ends the incident of a fault that could not be undone, also when its time was over", async () => {
    vi.useFakeTimers();
    try {
      await board().breakIt("kafka-paused", 1);
      state.kafka.refusal = new Error("it is gone");
      await vi.advanceTimersByTimeAsync(1_000);
      expect(newest()).toMatchObject({ endedAt: 1_000, isFailed: true, note: "it is gone" });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("signs of healing", () => {
  it("of a flushed Redis are records behind a fence of the same partition, not the takeover itself", async () => {
    await board().breakIt("redis-flushed", null);
    state.now += 50;
    board().observe(records(["ACTIVE", 3], ["claim", 3], ["ACTIVE", 4]));
    board().observe(records(["fence", 3], ["ACTIVE", 4], ["claim", 4]));
    expect(newest()?.healedAt).toBeNull();
    state.now += 50;
    board().observe(records(["cursor", 3]));
    expect(newest()).toMatchObject({ healedAt: 1_100 });
    expect(newest()?.note).toContain("partition 3");
  });

  it("of an outage of Salesforce are any calls that it answers well, an idle chat's poll too", async () => {
    await board().breakIt("salesforce-503", null);
    await board().mend("salesforce-503");
    board().observe(answered("salesforce", "Messages", 503));
    board().observe(answered("integrations", "messages", 200));
    expect(newest()?.healedAt).toBeNull();
    board().observe(answered("salesforce", "Messages", 204));
    expect(newest()).toMatchObject({ healedAt: 1_000, note: "first call that was answered: Messages" });
  });
});

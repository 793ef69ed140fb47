// Sentinel promotes a replica that was behind while the service runs: what the old master alone had acknowledged is gone, and nothing of it is lost
// to users or agents. That Sentinel does promote such a replica is test/contracts/redis-failover.test.ts's.
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";

import { choosePorts } from "../../sandbox/services/ports.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { startSentinelCluster } from "../support/redis-sentinel.ts";
import { openStage } from "../support/stage.ts";
import { openStoredChats } from "../support/stored-chats.ts";

const password = "failover-test";

it(
  "R15: chats go on over a failover to a replica that was behind: nothing is lost, doubled or out of order",
  { timeout: 120_000 },
  async () => {
    const { masterProcess, ports } = await startSentinelCluster(password);
    const replica = new Redis({ host: "127.0.0.1", port: ports.replica, password, protocol: 2 });
    replica.on("error", () => undefined);
    onTestFinished(() => replica.disconnect());
    await eventually("the replica follows", async () =>
      (await replica.info("replication")).includes("master_link_status:up"),
    );
    const stage = await openStage({
      file: import.meta.url,
      settings: {
        ...{ REDIS_ADDRESS: "", REDIS_MASTER: "mymaster", REDIS_PASSWORD: password },
        REDIS_SENTINEL_ADDRESS: `127.0.0.1:${String(ports.sentinel)}`,
      },
    });
    onTestFinished(() => stage.close());
    const [ana, bea, cleo] = [stage.user("ana"), stage.user("bea"), stage.user("cleo")];
    const talk = createConversations(stage, { ana, bea, cleo });
    const [anaAtDesk, beaAtDesk] = [await stage.openChat(ana), await stage.openChat(bea)];
    const exchange = async (aliases: readonly string[]): Promise<void> => {
      for (const alias of aliases) {
        await talk.userSays(alias);
        talk.agentSays(alias);
      }
    };
    await exchange(["ana", "bea"]);
    await talk.drained();

    // From here on the replica follows nobody: what the master acknowledges only the master has. A chat ends, another begins, both sides talk.
    const [nobody = 0] = await choosePorts([undefined]);
    await replica.replicaof("127.0.0.1", nobody);
    const keysOf = async (): Promise<number> => replica.dbsize();
    const keysBefore = await keysOf();
    await exchange(["ana", "ana", "ana"]);
    const cleoAtDesk = await stage.openChat(cleo);
    await exchange(["cleo", "ana"]);
    expect((await stage.call("DELETE", `/v1/chat/finish/${bea.userId}`)).status).toBe(200);
    await eventually("bea's chat is over at the desk", () => beaAtDesk.overAtMs !== undefined);
    await talk.drained();
    expect(await keysOf(), "the replica has none of it").toBe(keysBefore);

    await masterProcess.kill();
    const promoted = async (): Promise<string> => (await replica.info("replication")).split("\n")[1] ?? "";
    await exchange(["ana", "cleo"]);
    await eventually("Sentinel has promoted the replica", async () => (await promoted()).includes("role:master"), {
      timeoutMs: 30_000,
      why: promoted,
    });
    await exchange(["ana", "cleo"]);
    await talk.drained();

    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 22, inFlightDoubles: [] });
    expect(stage.service.isRunning(), "it did not need to start anew").toBe(true);
    const stored = openStoredChats(`:${password}@127.0.0.1:${String(ports.replica)}`, stage.names.client);
    onTestFinished(() => stored.close());
    const statuses = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all([ana, bea, cleo].map(async ({ userId }) => (await stored.of(userId))?.status));
    await eventually(
      "the promoted Redis has what the old master had",
      async () => (await statuses()).join() === "ACTIVE,CLOSED,ACTIVE",
      { why: statuses },
    );
    expect(stage.world.parts.desk.byId.size, "no chat was begun twice").toBe(3);
    for (const session of [anaAtDesk, beaAtDesk, cleoAtDesk]) expect(session.violations).toEqual([]);
  },
);

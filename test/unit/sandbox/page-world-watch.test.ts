// What the page is told of the world's logs, what it takes for lost, and that nothing in them stops its beat.
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Tally } from "../../../sandbox/page/protocol.ts";
import { startFeed, type Feed, type FeedSources } from "../../../sandbox/page/feed.ts";
import { watchWorld, type WorldWatch } from "../../../sandbox/page/world-watch.ts";
import { act, control, engagedVisitor, stillWorld, type StillWorld, type Visitor } from "../sandbox-world/harness.ts";

const state: { world: StillWorld | undefined; feed: Feed | undefined } = { world: undefined, feed: undefined };
/** A service that takes every webhook, and answers with this context. */
async function serviceThatKeeps(kept: readonly object[]): Promise<() => void> {
  const server = createServer((request, response) => {
    const isContext = request.url?.startsWith("/v1/context/") === true;
    request.resume();
    response.end(JSON.stringify(isContext ? kept : { token: "t" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  world().connectBot({ url: `http://127.0.0.1:${String(port)}`, username: "bot", password: "secret" });
  return () => void server.close();
}

/** Half a minute later, everything delivered: the counts become these. */
async function countsBecome(watch: WorldWatch, counts: Partial<Tally>): Promise<void> {
  await vi.waitFor(() => expect(world().parts.webhooks.pending()).toBe(0));
  let { tally } = watch.look();
  world().clock.advance(30_000);
  await vi.waitFor(() => {
    tally = watch.look().tally ?? tally;
    expect(tally).toMatchObject(counts);
  });
}

const world = (): StillWorld => {
  if (state.world === undefined) throw new Error("no world");
  return state.world;
};

beforeEach(async () => {
  state.world = await stillWorld();
});
afterEach(async () => {
  state.feed?.stop();
  await state.world?.close();
});

describe("files on the page's phone", () => {
  it("are got from the page where the world has them, and stay an address where it has not", () => {
    const { parts } = world();
    const own = parts.media.put("una foto.png", { bytes: Buffer.from("x"), mimeType: "image/png" });
    const elsewhere = "https://example.org/foto.png";
    for (const url of [own, elsewhere, "foto.png"]) {
      void parts.bot.sentFile("5215500000001", { type: "image", url, mimeType: "image/png" });
    }
    const image = { type: "image", mimeType: "image/png" };
    expect(watchWorld(parts).look().phone).toMatchObject([
      { text: "", file: { ...image, url: "/media/una%20foto.png" } },
      { text: elsewhere, file: { ...image, url: null } },
      { text: "foto.png", file: { ...image, url: null } },
    ]);
  });

  it("need an address", async () => {
    const send = (url: string): Promise<number> =>
      control(world(), "POST", "/phones/5215500000001/files", { type: "image", url }).then(({ status }) => status);
    expect([await send("foto.png"), await send("https://example.org/foto.png")]).toEqual([400, 200]);
    expect(world().parts.phones.log.read().entries).toHaveLength(1);
  });
});

describe("texts on the page", () => {
  /** User and agent have talked; both have said something that the service carries nowhere. */
  async function stranded(): Promise<{ readonly visitor: Visitor; readonly user: string; readonly watch: WorldWatch }> {
    const watch = watchWorld(world().parts);
    const { visitor } = await engagedVisitor(world());
    const user = visitor.session().user ?? "";
    world().clock.advance(10);
    watch.look();
    void world().parts.bot.sent(user, "¿Sigue ahí?");
    await act(world(), visitor, "say", { text: "Un momento" });
    world().clock.advance(10);
    return { visitor, user, watch };
  }
  const handBack = (user: string): void => world().parts.bot.onState({ userId: user, state: "from-sf-success" });

  it("are lost when the bot has the user and neither side nor the bot has them", async () => {
    const close = await serviceThatKeeps([]);
    const { visitor, user, watch } = await stranded();
    await act(world(), visitor, "end");
    await countsBecome(watch, { sent: 2, arrived: 0, lost: 0 });
    handBack(user);
    await countsBecome(watch, { sent: 2, arrived: 0, lost: 2 });
    close();
  });

  it("belong to the bot where the service has kept them for it", async () => {
    const at = world().clock.nowMs() + 10;
    const close = await serviceThatKeeps([{ from: "user", text: "¿Sigue ahí?", timestamp: at }]);
    const { visitor, user, watch } = await stranded();
    await act(world(), visitor, "end");
    handBack(user);
    await countsBecome(watch, { sent: 1, arrived: 0, lost: 1 });
    close();
  });

  it("are owed to nobody before an agent has the user, nor once the bot or nobody has him", async () => {
    const watch = watchWorld(world().parts);
    const { visitor } = await engagedVisitor(world());
    const user = visitor.session().user ?? "";
    world().clock.advance(10);
    handBack(user);
    world().clock.advance(10);
    void world().parts.bot.sent(user, "al bot");
    await act(world(), visitor, "say", { text: "a nadie" });
    await act(world(), visitor, "end");
    world().clock.advance(10);
    void world().parts.bot.sent(user, "al bot otra vez");
    expect(watch.look().tally).toMatchObject({ sent: 0 });
  });
});

it("the beat goes on after something that it cannot show, and says once what it was", async () => {
  let looks = 0;
  const said: string[] = [];
  const nothing = (): readonly never[] => [];
  const sources: FeedSources = {
    watch: {
      look() {
        looks += 1;
        throw new Error("a line that nobody can read");
      },
    },
    board: { faults: nothing, incidents: nothing, observe: () => undefined } as unknown as FeedSources["board"],
    instances: { instances: nothing, owners: nothing, evidence: nothing } as unknown as FeedSources["instances"],
    crowd: { now: () => null },
    conversations: { list: nothing },
    filesFetched: () => 0,
    isTapped: () => true,
    graph: { nodes: [], edges: [] },
    say: (line) => said.push(line),
  };
  state.feed = startFeed(sources);
  await vi.waitFor(() => expect(looks).toBeGreaterThan(2));
  expect(said).toEqual([expect.stringContaining("a line that nobody can read")]);
});

// What the page is told of the world's logs, and that nothing in them stops its beat.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { startFeed, type Feed, type FeedSources } from "../../../sandbox/page/feed.ts";
import { watchWorld } from "../../../sandbox/page/world-watch.ts";
import { control, stillWorld, type StillWorld } from "../sandbox-world/harness.ts";

const state: { world: StillWorld | undefined; feed: Feed | undefined } = { world: undefined, feed: undefined };
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

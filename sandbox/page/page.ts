// Owns the sandbox's page as a whole: puts its parts together, starts them, stops them in order. Called by instance/sandbox.ts with a world,
// a fleet and services that run.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

import { PAGE_FLOW } from "../environment.ts";
import type { Fleet } from "../instance/fleet.ts";
import { choosePorts } from "../services/ports.ts";
import type { Services } from "../services/driver.ts";
import { controlRoutes } from "../world/control/server.ts";
import type { World } from "../world/world.ts";
import type { Asset } from "./bundle.ts";
import { createCannedConversations } from "./canned-conversations.ts";
import { createCrowd } from "./crowd.ts";
import { createFaultBoard } from "./fault-board.ts";
import { startFeed } from "./feed.ts";
import { readGraph } from "./graph.ts";
import { watchInstances } from "./instance-watch.ts";
import { startTap } from "./record-tap.ts";
import { pageRoutes } from "./routes.ts";
import { startPageServer } from "./server.ts";
import { watchWorld } from "./world-watch.ts";

/** The running page. */
export interface Page {
  readonly url: string;
  stop(): Promise<void>;
}

/** What it shows and acts on. */
export interface PageOptions {
  readonly world: World;
  readonly fleet: Fleet;
  readonly services: Services;
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redis: string;
  /** KAFKA_TOPIC of the service. */
  readonly topic: string;
  /** Gets what goes wrong with it, a line for a person. */
  readonly say: (line: string) => void;
  /** Of bundle.ts. */
  readonly assets: ReadonlyMap<string, Asset>;
}

const USUAL_PORT = 8070;
const README = new URL("../../README.md", import.meta.url);
const FIRST_USERS = [
  { name: "Sofía Marín", channel: "whatsapp" },
  { name: "Tomás Rey", channel: "facebook" },
] as const;

/** Starts it; two users have a phone already. */
export async function startPage(options: PageOptions): Promise<Page> {
  const { world, fleet, services } = options;
  const { parts } = world;
  const graph = readGraph(readFileSync(README, "utf8"));
  const newUser = userNumbers();
  for (const person of FIRST_USERS) {
    const userId = newUser(person.channel);
    const contact = { email: `${userId}@example.org`, phoneNumber: userId };
    parts.people.put({ userId, ...person, ...contact, extraData: { source_flow_bot: PAGE_FLOW } });
  }
  // A platform that knows an id does not show it twice: what a repeat of the service relies on.
  parts.integrations.modes.dedupe = true;

  const board = createFaultBoard({ parts, services, redis: options.redis, killService: () => fleet.kill(1) });
  const crowd = createCrowd(parts);
  const conversations = createCannedConversations(parts, newUser);
  const instances = watchInstances(fleet);
  const feed = startFeed({
    watch: watchWorld(parts),
    board,
    instances,
    crowd,
    conversations,
    filesFetched: () => parts.media.log.end(),
    isTapped: () => tap.isConnected(),
    graph,
    say: options.say,
  });
  const tap = startTap({
    brokers: options.brokers,
    registryUrl: options.registryUrl,
    prefix: options.topic,
    topics: graph.nodes.filter(({ kind }) => kind === "topic").map(({ label }) => label),
    onRecord: (record) => feed.onRecord(record),
  });
  const all = { parts, fleet, board, crowd, conversations, feed, newUser };
  const routes = pageRoutes(all, controlRoutes(parts));
  const [port = 0] = await choosePorts([USUAL_PORT]);
  const server = await startPageServer({ port, feed, parts, routes, assets: options.assets });
  return {
    url: server.url,
    async stop() {
      conversations.stop();
      crowd.sendAway();
      await board.close();
      await server.close();
      instances.stop();
      feed.stop();
      await tap.stop();
    },
  };
}

/** Makes ids that look like the channel's own: phone numbers, page-scoped ids. Others each time: a service remembers its users. */
function userNumbers(): (channel: "whatsapp" | "facebook") => string {
  let next = randomInt(10_000, 90_000);
  return (channel) => {
    next += 1;
    return channel === "whatsapp" ? `521551${String(next)}00` : `24680${String(next)}000000`;
  };
}

// The page's own API: what a visitor can do beside what the world offers, each route with the sentence that GET /api serves. Called by
// page.ts; served by server.ts; in docs/sandbox.md.
import { PAGE_FLOW } from "../environment.ts";
import { NotNow, type Fleet } from "../instance/fleet.ts";
import { ControlError, fieldIn, objectIn, textIn, type ControlRequest, type Route } from "../world/control/routes.ts";
import { NotPossible } from "../world/live-agent/session.ts";
import type { WorldParts } from "../world/world-parts.ts";
import type { CannedConversations } from "./canned-conversations.ts";
import type { CrowdControl } from "./crowd.ts";
import type { FaultBoard } from "./fault-board.ts";
import type { Feed } from "./feed.ts";

/** A route with what it does, for a person. */
export interface DescribedRoute extends Route {
  readonly does: string;
}

/** What the routes act on. */
export interface RouteParts {
  readonly parts: WorldParts;
  readonly fleet: Fleet;
  readonly board: FaultBoard;
  readonly crowd: CrowdControl;
  readonly conversations: CannedConversations;
  readonly feed: Feed;
  readonly newUser: (channel: "whatsapp" | "facebook") => string;
}

const WORLD_PREFIX = "/api/world";
const FILE_NAME = /[^\w.-]+/g;

/** All routes under /api: the page's, and the world's below /api/world. */
export function pageRoutes(all: RouteParts, world: readonly Route[]): readonly Route[] {
  const own = [...userRoutes(all), ...faultRoutes(all), ...instanceRoutes(all), ...lookRoutes(all)];
  return [
    {
      method: "GET",
      path: "/api",
      handle: () => ({
        about:
          "The sandbox's page as an API. Everything the page does goes through these routes; docs/sandbox.md says more.",
        events: "GET /api/events: server-sent events; first `snapshot`, then a `batch` whenever something happened",
        routes: own.map(({ method, path, does }) => ({ route: `${method} ${path}`, does })),
        world: world.map(({ method, path }) => `${method} ${WORLD_PREFIX}${path}`),
      }),
    },
    ...own,
    ...world.map((route) => ({ ...route, path: route.path === "/" ? WORLD_PREFIX : `${WORLD_PREFIX}${route.path}` })),
  ];
}

function userRoutes({ parts, conversations, crowd, newUser }: RouteParts): readonly DescribedRoute[] {
  return [
    {
      method: "POST",
      path: "/api/users",
      does: "a new phone: {name, channel}, channel whatsapp or facebook; its chats ring at the page's agents",
      handle: ({ body }) => {
        const channel = textIn(body, "channel");
        if (channel !== "whatsapp" && channel !== "facebook") {
          throw new ControlError(400, "channel must be whatsapp or facebook");
        }
        const userId = newUser(channel);
        const name = textIn(body, "name").trim() || `User ${userId.slice(-4)}`;
        const contact = { email: `${userId}@example.org`, phoneNumber: userId };
        parts.people.put({ userId, name, channel, ...contact, extraData: { source_flow_bot: PAGE_FLOW } });
        return { userId };
      },
    },
    {
      method: "POST",
      path: "/api/users/:id/files",
      does: "the user sends a file: {name, mimeType, base64, caption}",
      handle: (request) => sendFile(parts, request),
    },
    {
      method: "POST",
      path: "/api/conversations/:name",
      does: "plays a conversation with a user of its own; answers its userId",
      handle: ({ params }) => ({ userId: conversations.play(params["name"] ?? "") }),
    },
    {
      method: "POST",
      path: "/api/crowd",
      does: "lets a crowd in: {users, perSecond, seconds}",
      handle: ({ body }) => {
        crowd.letIn(numberOf(body, "users"), numberOf(body, "perSecond"), numberOf(body, "seconds"));
      },
    },
    { method: "DELETE", path: "/api/crowd", does: "sends the crowd away", handle: () => crowd.sendAway() },
  ];
}

function sendFile(parts: WorldParts, { params, body }: ControlRequest): unknown {
  const mimeType = textIn(body, "mimeType");
  const name = `${String(Date.now())}-${textIn(body, "name").replace(FILE_NAME, "-")}`;
  const url = parts.media.put(name, { bytes: Buffer.from(textIn(body, "base64"), "base64"), mimeType });
  const userId = params["id"] ?? "";
  const isImage = mimeType.startsWith("image/");
  const otherType = parts.people.get(userId).channel === "facebook" ? "file" : "document";
  const caption = fieldIn(body, "caption");
  void parts.bot.sentFile(userId, {
    type: isImage ? "image" : otherType,
    url,
    mimeType,
    ...(typeof caption === "string" && caption !== "" ? { caption } : {}),
  });
  return { url };
}

function faultRoutes({ board }: RouteParts): readonly DescribedRoute[] {
  return [
    {
      method: "GET",
      path: "/api/faults",
      does: "what can be broken, what is broken, and the log of what healed",
      handle: () => ({ faults: board.faults(), incidents: board.incidents() }),
    },
    {
      method: "POST",
      path: "/api/faults/:name",
      does: "breaks it; {seconds}: a switch goes off by itself after so long, left out: when it is switched off",
      handle: async ({ params, body }) => {
        const seconds = fieldIn(objectIn(body), "seconds");
        await board.breakIt(params["name"] ?? "", typeof seconds === "number" ? seconds : null);
      },
    },
    {
      method: "DELETE",
      path: "/api/faults/:name",
      does: "switches it off",
      handle: ({ params }) => board.mend(params["name"] ?? ""),
    },
  ];
}

function instanceRoutes({ fleet, feed }: RouteParts): readonly DescribedRoute[] {
  return [
    {
      method: "GET",
      path: "/api/instances",
      does: "the instances of the service and which partitions they own",
      handle: () => {
        const { instances, owners } = feed.snapshot().conditions;
        return { instances, owners };
      },
    },
    {
      method: "POST",
      path: "/api/instances",
      does: "one more instance; answered when it is ready",
      handle: () => possible(fleet.add()),
    },
    {
      method: "POST",
      path: "/api/instances/:number/kill",
      does: "kill -9; its supervisor starts it again",
      handle: ({ params }) => possible(fleet.kill(Number(params["number"]))),
    },
    {
      method: "DELETE",
      path: "/api/instances/:number",
      does: "stops one in order; the first one stays",
      handle: ({ params }) => possible(fleet.remove(Number(params["number"]))),
    },
  ];
}

function lookRoutes({ feed }: RouteParts): readonly DescribedRoute[] {
  return [
    {
      method: "GET",
      path: "/api/records/:topic/:partition/:offset",
      does: "one record, decoded, while it is kept (the newest 3,000)",
      handle: ({ params }) => {
        const id = [params["topic"], params["partition"], params["offset"]].join("/");
        return found(feed.record(id), "that record is not kept");
      },
    },
    {
      method: "GET",
      path: "/api/traces/:id",
      does: "one message through everything, with the time of each station; id as records and lines name it",
      handle: ({ params }) => found(feed.traces.find(params["id"] ?? ""), "that message is not known"),
    },
  ];
}

function found<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new ControlError(404, otherwise);
  return value;
}

function numberOf(body: unknown, name: string): number {
  const value = fieldIn(body, name);
  if (typeof value !== "number") throw new ControlError(400, `${name} must be a number`);
  return value;
}

/** What the fleet does not do now is 409, as everything that is not possible. */
async function possible<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw error instanceof NotNow ? new NotPossible(error.message) : error;
  }
}

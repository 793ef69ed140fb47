/**
 * Control routes of agents: who there is, online or not, how they accept, what they do by themselves.
 */
import { putAgent } from "../live-agent/agents.ts";
import type { AgentSettings } from "../live-agent/agents.ts";
import type { Agent } from "../live-agent/desk.ts";
import type { WorldParts } from "../world-parts.ts";
import { ControlError, objectIn } from "./routes.ts";
import type { ControlRequest, Route } from "./routes.ts";

/** The routes. */
export function agentRoutes(parts: WorldParts): readonly Route[] {
  return [
    { method: "GET", path: "/agents", handle: () => ({ agents: [...parts.desk.agents.values()].map(described) }) },
    { method: "PUT", path: "/agents/:id", handle: (request) => put(parts, request) },
  ];
}

const CHECKS: Readonly<Record<keyof AgentSettings, (value: unknown) => boolean>> = {
  name: (value) => typeof value === "string",
  buttons: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  online: (value) => typeof value === "boolean",
  capacity: (value) => typeof value === "number",
  accept: (value) => value === "auto" || value === "manual",
  acceptDelayMs: (value) => typeof value === "number",
  script: (value) => value === null || (typeof value === "object" && !Array.isArray(value)),
};

function put({ desk }: WorldParts, { params, body }: ControlRequest): unknown {
  const id = params["id"] ?? "";
  if (!/^005[0-9A-Za-z]{12}$/.test(id)) {
    throw new ControlError(400, "an agent id has 15 characters and starts with 005");
  }
  const settings = objectIn(body);
  for (const [name, value] of Object.entries(settings)) {
    if (!isSetting(name) || !CHECKS[name](value)) {
      throw new ControlError(
        400,
        `${name} is not known or has a wrong value; known are ${Object.keys(CHECKS).join(", ")}`,
      );
    }
  }
  return described(putAgent(desk, id, settings));
}

function isSetting(name: string): name is keyof AgentSettings {
  return Object.hasOwn(CHECKS, name);
}

function described(agent: Agent): unknown {
  return { ...agent, script: agent.script ?? null, chats: [...agent.chats] };
}

// Who may call the control API and the page: only this machine, by its own names.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startWorld, type World } from "../../../sandbox/world/world.ts";

const state: { world: World | undefined } = { world: undefined };

beforeAll(async () => {
  state.world = await startWorld();
});
afterAll(async () => {
  await state.world?.close();
});

function status(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${state.world?.controlUrl ?? ""}/phones`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });
}

describe("the guard of the loopback servers", () => {
  it.each(["127.0.0.1", "localhost:9100", "[::1]"])("lets calls to %s in", async (host) => {
    expect(await status({ host })).toBe(200);
    expect(await status({ host, origin: `http://${host}` })).toBe(200);
  });

  it.each(["evil.example", "127.0.0.1.evil.example", "evil.example:80"])(
    "refuses a call to the name “%s”, as DNS rebinding makes it",
    async (host) => expect(await status({ host })).toBe(403),
  );

  it.each(["https://evil.example", "null", "http://127.0.0.1.evil.example"])(
    "refuses a call of the page %s",
    async (origin) => expect(await status({ host: "127.0.0.1", origin })).toBe(403),
  );
});

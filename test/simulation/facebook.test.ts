// A Facebook user beside a WhatsApp user through the graph in virtual time, over a crash: each stays on the own channel.
import { expect, it } from "vitest";

import { createGraphWorld } from "../support/graph-world.ts";

it("users of both channels talk at once and go back to the state of their channel, over a crash", async () => {
  const world = createGraphWorld();
  world.start();
  const channels = { fede: "facebook", wanda: "whatsapp" } as const;
  const users = ["fede", "wanda"] as const;
  for (const user of users) await world.connect(user, { channel: channels[user] });
  expect(await world.until(() => world.desk.chats.length === 2)).toBe(true);
  for (const user of users) world.chat(user).accept();
  const isActive = (user: string): boolean => world.state(user).interconnection?.status === "ACTIVE";
  expect(await world.until(() => users.every(isActive))).toBe(true);
  const talk = async (n: number): Promise<void> => {
    for (const user of users) {
      world.chat(user).say(`${user}, agent ${String(n)}`);
      await world.say(user, `${user}, user ${String(n)}`, { channel: channels[user] });
    }
  };
  await talk(1);
  world.instances[0]?.crash();
  await talk(2);
  world.start();
  const heard = (user: string): readonly string[] => world.chat(user).seen.filter((text) => text.includes(", user"));
  const told = (user: string): readonly string[] => world.shown(user).filter((text) => text.includes(", agent"));
  expect(
    await world.until(() => users.every((user) => heard(user).length === 2 && told(user).length === 2), 60_000),
  ).toBe(true);
  for (const user of users) {
    expect(heard(user)).toEqual([`${user}, user 1`, `${user}, user 2`]);
    expect(told(user)).toEqual([`${user}, agent 1`, `${user}, agent 2`]);
    world.chat(user).end();
  }
  expect(await world.until(() => world.phone.handedBack.length === 2, 60_000)).toBe(true);
  expect(new Set(world.phone.handedBack.map(({ userId, botState }) => `${userId} ${botState}`))).toEqual(
    new Set(["fede from-sf-success-fb", "wanda from-sf-success"]),
  );
  for (const user of users)
    expect(new Set(world.facts(user).flatMap(({ chatId, channel }) => (chatId === null ? [] : [channel])))).toEqual(
      new Set([channels[user]]),
    );
  expect(world.deadLetters()).toEqual([]);
});

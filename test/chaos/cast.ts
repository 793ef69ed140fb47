// All that takes part in a run: an arena, the witnesses at its topics, an upstream producer, its words and users. Opens and closes them together.
// Called by the runs.
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { openDeadLetterLab, type DeadLetterLab } from "../support/dead-letter-lab.ts";
import { openTopicProducer } from "../support/topic-producer.ts";
import { openArena, type Arena, type ArenaOptions } from "./arena.ts";
import { openTopicReader, type TopicReader } from "./topics.ts";
import { createUsers, type Manner, type Users } from "./users.ts";
import { createWords, type Words } from "./words.ts";

/** Who takes part. */
export interface Cast {
  readonly arena: Arena;
  readonly lab: DeadLetterLab;
  readonly facts: FactReader;
  readonly topics: TopicReader;
  readonly words: Words;
  readonly users: Users;
}

/** Opens them, does `work`, and closes them on every way out. */
export async function withCast<Result>(
  options: ArenaOptions & { readonly manner: Manner },
  work: (cast: Cast) => Promise<Result>,
): Promise<Result> {
  const arena = await openArena(options);
  const closers: (() => Promise<void>)[] = [];
  try {
    const { addresses, names, world } = arena.stage;
    // As the Integrations API is said to: a text to WhatsApp has an id, by which a repeat is known.
    world.parts.integrations.modes.dedupe = true;
    const lab = await openDeadLetterLab(addresses, names);
    closers.push(() => lab.close());
    const facts = await openFactReader(addresses, names.topic);
    closers.push(() => facts.close());
    const topics = await openTopicReader(arena.stage);
    closers.push(() => topics.close());
    const upstream = await openTopicProducer(arena.stage);
    closers.push(() => upstream.close());
    const words = createWords(arena, lab);
    const users = createUsers({ arena, words, facts, upstream }, options.manner);
    return await work({ arena, lab, facts, topics, words, users });
  } finally {
    for (const close of closers.reverse()) await close();
    await arena.close();
  }
}

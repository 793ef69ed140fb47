// What the changelog reader says when records of it went away before they were read.
import { expect, it } from "vitest";

import { createKafkaChangelogReader } from "../../../../src/clients/kafka/changelog-reader.ts";
import type { TopicReader, TopicReaderOptions } from "../../../../src/clients/kafka/topic-reader.ts";
import { createOwnerParts } from "../../../support/owner-parts.ts";

it("raises an alarm when the changelog lost records unread", async () => {
  const { clock, log, metrics, told, alarms } = createOwnerParts();
  const openReader = ({ truncated }: TopicReaderOptions): TopicReader => ({
    connect: () => Promise.resolve(),
    close: () => Promise.resolve(),
    read: (range) => Promise.resolve(truncated({ ...range, to: 7 })),
  });
  const login = { saslMechanism: "PLAIN", username: "", password: "", ca: null } as const;
  const connection = { brokers: [], clientId: "test", securityProtocol: "PLAINTEXT", ...login } as const;
  const options = { connection, topicPrefix: "t", patienceMs: 1_000, clock, log, metrics, openReader };
  await createKafkaChangelogReader(options).read(3, 2, 9, () => Promise.resolve());
  expect([alarms, told]).toEqual([["changelog_truncated"], ["the changelog lost records unread"]]);
});

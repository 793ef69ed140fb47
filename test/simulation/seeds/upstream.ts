// An upstream service that writes under schemas of its own: ids that the service must ask the registry for, which may be away.
import { loadTopicTypes } from "../../../src/clients/schema-registry/topic-types.ts";
import type { ChannelMessage } from "../../../src/processors/messages/generated.ts";
import { client, type GraphWorld } from "../../support/graph-world.ts";
import type { Upstream } from "./faults.ts";

const type = loadTopicTypes()["channel-messages"];
const schema = JSON.parse(type.schemaText) as object;
const firstId = 500;

/** An upstream service of the world. */
export function createUpstream(world: GraphWorld): Upstream {
  let written = 0;
  let known = 0;
  return {
    async write(userId) {
      const at = world.clock.now();
      const message: ChannelMessage = {
        ...{ messageId: `upstream-${String(written)}`, client, userId, channel: "whatsapp", author: "bot" },
        ...{ occurredAt: at, receivedAt: at, type: "text", text: "from upstream", media: null },
      };
      const header = Buffer.alloc(5);
      header.writeInt32BE(firstId + written, 1);
      written += 1;
      const value = Buffer.concat([header, type.encode(message)]);
      await world.sendRaw({ topic: "channel-messages", partition: null, key: Buffer.from(userId), value });
    },
    answer() {
      for (; known < written; known++) world.codec.learn(firstId + known, schema);
      world.codec.away(false);
    },
  };
}

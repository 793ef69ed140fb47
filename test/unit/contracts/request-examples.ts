// The records of docs/contracts.md that others write, as Avro's JSON has them (a union of records names its branch). Proven to be of
// today's schema by contracts.test.ts.
const head = { client: "acme", userId: "5215512345678" };

/** By name of their block in the document. */
export const exampleRequests = {
  connect: {
    requestId: "order-service-7f3a",
    ...head,
    occurredAt: 1_700_000_000_000,
    expiresAt: 1_700_000_060_000,
    body: {
      "salesforceintegration.Connect": {
        name: "Ana",
        channel: "whatsapp",
        botSlug: "store-bot",
        botId: "5215500000000",
        email: "ana@example.org",
        phoneNumber: "5215512345678",
        extraData: { source_flow_bot: "returns", priority: 2, items: { json: '["A-17"]' } },
      },
    },
  },
  finish: {
    requestId: "order-service-81c1",
    ...head,
    occurredAt: 1_700_000_900_000,
    expiresAt: null,
    body: { "salesforceintegration.Finish": { requestedBy: "order-service" } },
  },
  message: {
    messageId: "wamid.1",
    ...head,
    channel: "whatsapp",
    author: "user",
    occurredAt: 1_700_000_100_000,
    receivedAt: 1_700_000_100_250,
    type: "text",
    text: "Mi pedido no llega",
    media: null,
  },
} as const;

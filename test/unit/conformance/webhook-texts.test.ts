// Conformance vectors of the parity sheet (section 12): what webhooks answer to what they can't take.
import { expect, it } from "vitest";

import { createEdge } from "../ingress/edge.ts";

const rule = (struct: string, field: string): string =>
  `Key: '${struct}.${field}' Error:Field validation for '${field}' failed on the 'required' tag`;
const error = (text: string): string => JSON.stringify({ ErrorDescription: text });
const event = { message: { entry: [] }, msgTracking: {}, provider: "facebook", timestamp: 1 };

it.each([
  {
    vector: "a missing timestamp",
    provider: "whatsapp",
    payload: JSON.stringify({ id: "1", type: "text", from: "52155", text: { body: "Hola" } }),
    status: 400,
    body: error(`Error validating payload : ${rule("IntegrationsRequest", "Timestamp")}`),
  },
  {
    vector: "a body `error`",
    provider: "whatsapp",
    payload: "error",
    status: 400,
    body: error("Invalid payload received : invalid character 'e' looking for beginning of value"),
  },
  {
    vector: "type `status` without id",
    provider: "whatsapp",
    payload: JSON.stringify({ type: "status" }),
    status: 200,
    body: JSON.stringify({ Message: "message type: status was skipped" }),
  },
  {
    vector: "a missing botId",
    provider: "facebook",
    payload: JSON.stringify({ authorRole: "user", ...event }),
    status: 400,
    body: error(`Error validating payload : ${rule("IntegrationsFacebook", "BotID")}`),
  },
])("Webhook texts: $vector", async ({ provider, payload, status, body }) => {
  const response = await createEdge().send({ method: "POST", url: `/v1/integrations/${provider}/webhook`, payload });
  expect([response.statusCode, response.body]).toEqual([status, body]);
});

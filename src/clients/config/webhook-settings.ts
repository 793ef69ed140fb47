// Settings of who may send webhooks: three forms of signature, each asked for where its setting is set.
import { form, listEntries, text, type Form } from "./forms.ts";
import { optional } from "./setting.ts";

/** `whsec_base64,whsec_base64`: keys of 24 to 64 bytes, as Standard Webhooks 1.0 writes them; the prefix may be missing. */
const webhookKeys: Form<readonly Buffer[]> = form(
  "whsec_ and 24 to 64 bytes in base64, or several with commas between them",
  (raw) => {
    const keys = listEntries(raw).map((entry) => {
      const base64 = entry.replace(/^whsec_/, "");
      const key = Buffer.from(base64, "base64");
      return key.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "") ? key : Buffer.alloc(0);
    });
    return keys.length > 0 && keys.every(({ length }) => length >= 24 && length <= 64) ? keys : undefined;
  },
);

/** Settings of signatures, by name without prefix. */
export const webhookSettings = {
  INTEGRATIONS_SIGNATURE: optional(text, {
    description: "Text that the header x-yalochat-signature of each webhook must be; else it is answered 401.",
    example: "a-long-random-text",
    secret: true,
  }),
  META_APP_SECRET: optional(text, {
    description:
      "App secret of Meta; set, each webhook must have the header X-Hub-Signature-256, an HMAC SHA-256 over its bytes.",
    example: "an-app-secret",
    secret: true,
  }),
  WEBHOOK_SECRET: optional(webhookKeys, {
    description:
      "Keys of Standard Webhooks, any of which may have signed; set, each webhook must have webhook-id, webhook-timestamp (within five minutes) and webhook-signature.",
    example: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    secret: true,
  }),
};

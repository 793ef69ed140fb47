// Values that must never show in the service's output, and how to look for them in every form in which they could. Settings of
// every stage are made of them, every user of a stage has some. Planted by stage.ts, looked for by the last integration test.
import { createHash } from "node:crypto";

/** Secrets of the settings, by what they are. Made up; each is found nowhere else. */
export const settingCanaries = {
  botPassword: "canary-yalo-password-4f9ad1c27be0",
  salesforceUserPassword: "canary-caller-password-93be71d0aa5c",
  secretKey: "canary-key-of-tokens-6d20c8f1e5b74a939c51f0e2d7b86a44",
  stateKey: Buffer.from("canary-state-key-7a5e91c3d2b8f06").toString("base64"),
  clientSecret: "canaryClientSecret8e1f03b6a7d94c52",
  orgPassword: "canary-org-password-2c7b95e8f013",
  securityToken: "canarySecurityToken51e0c9d7ab",
  botrunnerToken: "canary-botrunner-token-d38f7a6120be",
  whatsappJwt: "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiI3ZTFkIn0.canaryJwtSignature90cb47",
} as const;

/** Settings, by name without prefix, that plant them in the service; the world must be told the same. */
export function canarySettings(): Record<string, string> {
  return {
    YALO_PASSWORD: settingCanaries.botPassword,
    SALESFORCE_PASSWORD: settingCanaries.salesforceUserPassword,
    SECRET_KEY: settingCanaries.secretKey,
    SFC_CLIENT_SECRET: settingCanaries.clientSecret,
    SFC_PASSWORD: settingCanaries.orgPassword,
    SFC_SECURITY_TOKEN: settingCanaries.securityToken,
    BOTRUNNER_TOKEN: settingCanaries.botrunnerToken,
    INTEGRATIONS_WA_BOT_JWT: settingCanaries.whatsappJwt,
  };
}

/** A canary found in some bytes. */
export interface Sighting {
  readonly canary: string;
  readonly form: string;
  readonly at: number;
  /** What stands around it, for finding the place in the code. */
  readonly around: string;
}

/** The forms of a value in which it could be written, by name. */
export function formsOf(value: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(value);
  const hash = (name: string): string => createHash(name).update(value).digest("hex");
  const hashBase64 = (name: string): string => createHash(name).update(value).digest("base64").replace(/=+$/, "");
  const forms = new Map([
    ["as it is", value],
    ["in JSON", JSON.stringify(value).slice(1, -1)],
    ["URL-encoded", encodeURIComponent(value)],
    ["form-encoded", new URLSearchParams({ v: value }).toString().slice(2)],
    ["hex", bytes.toString("hex")],
    ["reversed", Array.from(value).reverse().join("")],
    ["SHA-1", hash("sha1")],
    ["SHA-1, base64", hashBase64("sha1")],
    ["SHA-256", hash("sha256")],
    ["SHA-256, base64", hashBase64("sha256")],
    ["MD5", hash("md5")],
  ]);
  for (const shift of [0, 1, 2]) forms.set(`base64 from byte ${String(shift)}`, base64Core(bytes, shift));
  return forms;
}

/** What of base64 is the same wherever the value stands in a longer text: whole groups of three bytes. */
function base64Core(bytes: Buffer, shift: number): string {
  const whole = bytes.subarray(shift, bytes.length - ((bytes.length - shift) % 3));
  return whole.toString("base64");
}

/** All sightings of the canaries in a text, letter case aside, in every form. Short forms are not looked for: chance would find them. */
export function findCanaries(text: string, canaries: Iterable<string>): readonly Sighting[] {
  const lower = text.toLowerCase();
  const sightings: Sighting[] = [];
  for (const canary of new Set(canaries)) {
    for (const [form, written] of formsOf(canary)) {
      const at = written.length < 8 ? -1 : lower.indexOf(written.toLowerCase());
      if (at >= 0) sightings.push({ canary, form, at, around: text.slice(Math.max(0, at - 160), at + 200) });
    }
  }
  return sightings;
}

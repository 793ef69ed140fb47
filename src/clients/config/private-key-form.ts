// The written form of a private key: PEM, where environments can't hold line breaks with `\n` in their place. Whether the key
// is of use shows where it is used.
import { form, type Form } from "./forms.ts";

const pemKey = /^-----BEGIN (?:RSA )?PRIVATE KEY-----\n[\w+/=\s]+\n-----END (?:RSA )?PRIVATE KEY-----$/;

/** A private key, PEM with line breaks. */
export const privateKey: Form<string> = form("a private key as PEM", (raw) => {
  const pem = raw.trim().replaceAll("\\n", "\n").replaceAll("\r", "");
  return pemKey.test(pem) ? pem : undefined;
});

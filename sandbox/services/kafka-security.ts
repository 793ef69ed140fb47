// Owns Kafka's listener with TLS and login (SASL_SSL with PLAIN and SCRAM) and its authorizer, as production has them: certificate,
// settings, users. Called by local.ts; steps and names as in Kafka's security documentation.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Security } from "./services.ts";
import type { Java } from "./java.ts";
import type { RunDirectory } from "./run-directory.ts";

const KEYTOOL_TIMEOUT_MS = 30_000;
const STORE_PASSWORD = "changeit";
const SASL = "org.apache.kafka.common.security";
/** What may stand unquoted in a JAAS option name and in StorageTool's list. */
const USER_NAME = /^[A-Za-z0-9_-]+$/;
const PASSWORD = /^[A-Za-z0-9_.-]+$/;

/** Settings and users of the listener. */
export interface SecureSetup {
  readonly users: Readonly<Record<string, string>>;
  readonly port: number;
  readonly caFile: string;
  /** Broker properties that replace and add to those of a plain node. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Makes a certificate in the run's folder and the settings of the listener. */
export async function secureSetup(
  security: Security,
  java: Java,
  ports: { readonly plain: number; readonly controller: number; readonly secure: number },
  run: RunDirectory,
): Promise<SecureSetup> {
  for (const [user, password] of Object.entries(security.users)) {
    if (!USER_NAME.test(user) || !PASSWORD.test(password))
      throw new Error(
        "a user of the secure listener has a name or password with characters that are not letters, digits, _ or -",
      );
  }
  const { keyStore, caFile } = await makeCertificate(java, run);
  return { users: security.users, port: ports.secure, caFile, properties: secureProperties(security, ports, keyStore) };
}

/** Arguments of StorageTool that create the users for SCRAM. */
export function scramArguments(users: Readonly<Record<string, string>>): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}

function secureProperties(
  { users, superUsers }: Security,
  ports: { readonly plain: number; readonly controller: number; readonly secure: number },
  keyStore: string,
): Record<string, string> {
  const logins = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  return {
    listeners: `PLAINTEXT://127.0.0.1:${String(ports.plain)},SECURE://127.0.0.1:${String(ports.secure)},CONTROLLER://127.0.0.1:${String(ports.controller)}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${String(ports.plain)},SECURE://localhost:${String(ports.secure)}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.secure.plain.sasl.jaas.config": `${SASL}.plain.PlainLoginModule required ${logins.join(" ")};`,
    "listener.name.secure.scram-sha-256.sasl.jaas.config": `${SASL}.scram.ScramLoginModule required;`,
    "listener.name.secure.scram-sha-512.sasl.jaas.config": `${SASL}.scram.ScramLoginModule required;`,
    "listener.name.secure.ssl.keystore.type": "PKCS12",
    "listener.name.secure.ssl.keystore.location": keyStore,
    "listener.name.secure.ssl.keystore.password": STORE_PASSWORD,
    ...(superUsers === undefined ? {} : authorizerProperties(superUsers)),
  };
}

/** The broker talks to itself over the plain listener, as ANONYMOUS: that principal has to stay able to do everything. */
function authorizerProperties(superUsers: readonly string[]): Record<string, string> {
  return {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": ["ANONYMOUS", ...superUsers].map((user) => `User:${user}`).join(";"),
  };
}

async function makeCertificate(java: Java, run: RunDirectory): Promise<{ keyStore: string; caFile: string }> {
  const keytool = join(dirname(java.path), "keytool");
  const keyStore = join(run.path, "broker.p12");
  const caFile = join(run.path, "broker-ca.pem");
  const store = ["-alias", "broker", "-keystore", keyStore, "-storepass", STORE_PASSWORD];
  await runTool(keytool, [
    ...["-genkeypair", ...store, "-storetype", "PKCS12", "-keyalg", "EC", "-groupname", "secp256r1"],
    ...["-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "365"],
  ]);
  await writeFile(caFile, await runTool(keytool, ["-exportcert", "-rfc", ...store]));
  return { keyStore, caFile };
}

function runTool(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: KEYTOOL_TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args[0] ?? command} failed:\n${stdout}${stderr}`));
    });
  });
}

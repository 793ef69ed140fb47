// S20: image and manifest: no root, no rights, nothing written, no token of the cluster, no way to the cloud's metadata, no secret inside, and a stop
// that may take longer than the drain. Static: there is no engine and no cluster here.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

import { factsOf, settingsSchema } from "../../../src/clients/config/schema.ts";

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string }[];
  readonly securityContext: object;
  readonly livenessProbe: object;
  readonly readinessProbe: object;
}

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template?: {
      readonly spec: Readonly<Record<string, unknown>> & { readonly containers: readonly Container[] };
    };
    readonly [field: string]: unknown;
  };
}

const text = readFileSync("deploy/kubernetes.yaml", "utf8");
const manifests = parseAllDocuments(text).map((one) => one.toJS() as Manifest);
const image = readFileSync("deploy/Dockerfile", "utf8");
const drainSeconds = 15;

function manifestOf(kind: string): Manifest {
  const found = manifests.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

describe("S20: the manifest", () => {
  const pod = manifestOf("Deployment").spec.template?.spec;

  it("S20: runs its pods under the restricted standard", () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(pod?.containers).toHaveLength(1);
    for (const container of pod?.containers ?? [])
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    for (const word of ["hostNetwork", "hostPID", "hostPath", "privileged: true"]) expect(text).not.toContain(word);
  });

  it("S20: gives a stop more time than the drain takes, and asks the right port whether it lives", () => {
    expect(pod?.["terminationGracePeriodSeconds"]).toBeGreaterThan(drainSeconds);
    const [container] = pod?.containers ?? [];
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: "/live", port: "metrics" } },
      readinessProbe: { httpGet: { path: "/ready", port: "metrics" } },
    });
    expect(container?.image).toBe(`salesforce-integration:${packageVersion()}`);
  });

  it("S20: holds no secret, and the metrics' port is in no Service", () => {
    const secrets = Object.keys(settingsSchema.shape).filter((name) => factsOf(name).secret === true);
    expect(secrets.length).toBeGreaterThan(5);
    for (const name of secrets) expect(text).not.toContain(name);
    expect(JSON.stringify(manifestOf("Service").spec)).not.toContain("metrics");
  });

  it("S20: lets nothing out to the cloud's metadata", () => {
    expect(manifestOf("NetworkPolicy").spec).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } }] }],
    });
    expect(manifestOf("PodDisruptionBudget").spec).toMatchObject({ maxUnavailable: 1 });
  });
});

describe("S20: the image", () => {
  it("S20: runs as nobody in particular, from a named version, with nothing of the build's environment", () => {
    const lines = image.split("\n").filter((line) => !line.startsWith("#"));
    expect(lines.findLast((line) => line.startsWith("USER "))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
    for (const line of lines.filter((one) => one.startsWith("FROM "))) expect(line).toMatch(/^FROM node:24\.\d+-\S+/);
    expect(lines.filter((line) => /^(ARG|ADD|COPY \.)/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("ENV "))).toEqual(["ENV NODE_ENV=production"]);
    expect(image).toContain("npm ci --omit=dev");
    expect(image).toContain("--ignore-scripts");
    expect(lines).toContain("RUN node deploy/bill-of-materials.ts > sbom.cdx.json");
  });
});

function packageVersion(): string {
  return (JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string }).version;
}

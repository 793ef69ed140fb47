// Import directions inside the repository: main and composition -> ingress, clients -> topology -> processors, one home per library, and
// nothing shared between src/ and the sandbox. Each rule's comment says what to do instead. Run by `npm run check`, which also
// checks that as many modules were seen as there are files: with a compiler it cannot use the tool passes on nothing at all.

const escaped = (name) => name.replaceAll(/[/.-]/g, (character) => `\\${character}`);
const packages = (names) => `(^|/)node_modules/(${names.map(escaped).join("|")})/`;
const anyPackage = "(^|/)node_modules/";

/** What each library may be imported from, inside src/: folders or files, as a pattern. */
export const homes = [
  { names: ["kafkajs"], home: "src/clients/kafka" },
  { names: ["ioredis"], home: "src/clients/redis" },
  { names: ["got", "undici"], home: "src/clients/http" },
  { names: ["avsc", "@kafkajs/confluent-schema-registry"], home: "src/clients/schema-registry" },
  { names: ["pino"], home: "src/clients/log" },
  { names: ["zod"], home: "src/clients/config" },
  { names: ["@prometheus-io/client"], home: "src/clients/metrics" },
  { names: ["fastify"], home: "src/ingress" },
  { names: ["jsonwebtoken"], home: "src/(ingress|clients)" },
  { names: ["close-with-grace"], home: "src/main" },
];
/** Do no I/O and keep no time: allowed in every layer. */
export const pureLibraries = ["uuid"];
const inputAndOutput =
  "^(node:)?(fs|net|tls|http|https|http2|dns|dgram|child_process|cluster|worker_threads|process|timers|readline|repl|inspector|os|tty)(/|$)";

const layer = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to },
});

export default {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment:
        "Two files that need each other are one thing or hide a third: move what both need into a file of its own.",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "The import leads nowhere: write the explicit .ts ending, or add the package to package.json.",
      from: {},
      to: { couldNotResolve: true },
    },
    layer(
      "processors-decide-only",
      "^src/processors/",
      "^src/(?!processors/)",
      "Processors know nothing of the layers above: declare a port (an interface) beside the processor and let composition.ts pass the implementation.",
    ),
    {
      name: "processors-pure-libraries",
      severity: "error",
      comment: `Processors import no library that does I/O: use a port. A pure library may be added to pureLibraries (${pureLibraries.join(", ")}) in .dependency-cruiser.js.`,
      from: { path: "^src/processors/" },
      to: { path: anyPackage, pathNot: packages(pureLibraries) },
    },
    layer(
      "no-io-below-clients",
      "^src/(processors|topology)/",
      inputAndOutput,
      "Files, sockets, processes and timers are clients' business: take a port as a parameter.",
    ),
    layer(
      "topology-below-clients",
      "^src/topology/",
      "^src/(clients|ingress|main|operator|composition)",
      "Topology sees ports, not clients: declare the port in src/topology and implement it in src/clients.",
    ),
    layer(
      "clients-not-ingress",
      "^src/clients/",
      "^src/(ingress|main|operator|composition)",
      "Clients are called, they do not call: pass a function in composition.ts, or move the shared type down into src/topology.",
    ),
    layer(
      "ingress-not-clients",
      "^src/ingress/",
      "^src/(clients|main|operator|composition)",
      "Ingress and clients stand side by side: take what is needed as a parameter (a port of src/topology) and wire it in composition.ts.",
    ),
    layer(
      "nobody-imports-main",
      "^(?!src/(main|operator)\\.ts$|test/)",
      "^src/(main|operator)\\.ts$",
      "The composition root is started, not imported: move what you need into the layer that owns it.",
    ),
    layer(
      "src-stands-alone",
      "^src/",
      "^(test|sandbox|bench|examples|schemas|deploy|docs)/",
      "The product runs without tests, sandbox and tools: move what both need into src/, or read schemas through the generated module.",
    ),
    layer(
      "sandbox-stands-alone",
      "^sandbox/",
      "^(src|test|bench|examples)/",
      "The sandbox shares no code with src/, so that a misreading of the protocol shows: write it again from the reference.",
    ),
    layer(
      "examples-stand-alone",
      "^examples/",
      "^(src|test|bench|sandbox|schemas)/",
      "Examples show what an outsider can do with the topics alone: use kafkajs and the registry client.",
    ),
    {
      name: "tests-are-not-imported",
      severity: "error",
      comment: "A test file is run, not imported: move what is shared into test/support.",
      from: {},
      to: { path: "\\.test\\.ts$" },
    },
    {
      name: "no-development-packages-in-src",
      severity: "error",
      comment: "src/ runs with production dependencies only: move the package to dependencies, or do without it.",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-optional", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only"],
      },
    },
    ...homes.map(({ names, home }) => ({
      name: `home-of-${names[0].replace("@", "").replace("/", "-")}`,
      severity: "error",
      comment: `Inside src/, ${names.join(" and ")} may be imported from ${home} alone: use the port that is implemented there.`,
      from: { path: "^src/", pathNot: `^${home}(/|\\.ts$)` },
      to: { path: packages(names) },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(\\.cache|coverage)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};

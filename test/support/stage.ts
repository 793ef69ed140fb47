// One test file's stage: a world of its own, the service as one process or several on the run's services, and users who write tokens.
// Settings and users are canaries. What was promised and what was seen is put together for the token checker in conversations.ts.
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { basename } from "node:path";

import {
  PLAY_AGENT_ID,
  PLAY_FLOW,
  SERVICE_ACCOUNTS,
  serviceEnvironment,
  WORLD_OPTIONS,
  type Surroundings,
} from "../../sandbox/environment.ts";
import { startFront, type Front } from "../../sandbox/instance/front.ts";
import { DEFAULT_ACCOUNTS } from "../../sandbox/world/defaults.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { startWorld, type World, type WorldOptions } from "../../sandbox/world/world.ts";
import { canarySettings, settingCanaries } from "./canaries.ts";
import { eventually } from "./eventually.ts";
import { keepSecrets } from "./outputs.ts";
import { createServiceProcess, type ServiceProcess } from "./service-process.ts";
import { ownNames, serviceAddresses, type OwnNames, type ServiceAddresses } from "./services.ts";
import { wireSettings } from "./wire.ts";

/** How to set a stage. */
export interface StageOptions {
  /** `import.meta.url` of the test. */
  readonly file: string;
  /** Settings by name without prefix, added to the usual. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly world?: WorldOptions;
  readonly entry?: string;
  /** Limit of open descriptors of the service. */
  readonly descriptors?: number;
  /** Default: those of the run. */
  readonly services?: ServiceAddresses;
  /** Default: new ones. */
  readonly names?: OwnNames;
  /** False: the service is not started. */
  readonly start?: boolean;
  /** How many instances of the service. Default 1; more have a balancer in front of them. */
  readonly instances?: number;
  /** What an instance is told of where things are, by its number. Default: the truth. */
  readonly seenBy?: (instance: number, truth: Surroundings, world: World) => Surroundings;
}

/** A world and a service. */
export interface Stage {
  readonly names: OwnNames;
  readonly world: World;
  /** The first instance. */
  readonly service: ServiceProcess;
  /** All instances. */
  readonly services: readonly ServiceProcess[];
  /** Where the bot's platform calls: the one instance, or the balancer in front of all. */
  readonly url: string;
  readonly addresses: ServiceAddresses;
  /** Introduces a user with a phone number, e-mail and name of their own. `manual`: their agent accepts only when told. */
  user(alias: string, agent?: "at once" | "manual"): Person;
  /** The user asks for a human; resolves when the chat is in that state at the desk. */
  openChat(person: Person, state?: "QUEUED" | "ENGAGED"): Promise<Session>;
  /** The newest session of a user; undefined before the first. */
  session(person: Person): Session | undefined;
  /** A token of the service for the bot's account. */
  token(): Promise<string>;
  /** Calls a route with that token. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Ends service and world, keeps output and the secrets that came up. Repeat-safe. */
  close(): Promise<void>;
}

const callTimeoutMs = 30_000;

/** Sets the stage; the service is ready when it resolves, unless it was not to be started. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const names = options.names ?? ownNames(options.file);
  const addresses = options.services ?? serviceAddresses();
  const world = await startWorld(worldOptions(options.world));
  const { salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost } = world;
  const around: Surroundings = { ...addresses, salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost };
  const settings = {
    ...canarySettings(),
    KAFKA_PARTITIONS: "4",
    // The default is 20 a second: as slow would be every test that writes much.
    INTEGRATION_CHAN_RATE_LIMIT: "10000",
    SALEFORCE_CHAN_RATE_LIMIT: "10000",
    ...wireSettings(addresses.wire),
    ...options.settings,
  };
  const create = (instance: number): Promise<ServiceProcess> =>
    createServiceProcess({
      name: basename(fileURLToPath(options.file)).replace(/(\.test)?\.ts$/, ""),
      ...(options.entry === undefined ? {} : { entry: options.entry }),
      ...(options.descriptors === undefined ? {} : { descriptors: options.descriptors }),
      environment: (ports) =>
        serviceEnvironment(
          options.seenBy?.(instance, around, world) ?? around,
          { ...ports, ...names, stateKey: settingCanaries.stateKey },
          settings,
        ),
    });
  const service = await create(0);
  const services = [service];
  while (services.length < (options.instances ?? 1)) services.push(await create(services.length));
  const front = services.length > 1 ? await startFront(() => services.map((one) => one.url)) : null;
  const url = front?.url ?? service.url;
  world.connectBot({ url, username: SERVICE_ACCOUNTS.bot.username, password: settingCanaries.botPassword });
  const stage = makeStage({ names, world, service, services, url, addresses }, front);
  try {
    if (options.start !== false) await Promise.all(services.map((one) => one.start()));
  } catch (error) {
    await stage.close();
    throw error;
  }
  return stage;
}

function worldOptions(more: WorldOptions = {}): WorldOptions {
  const { clientSecret, orgPassword, securityToken, botrunnerToken, whatsappJwt } = settingCanaries;
  const accounts = DEFAULT_ACCOUNTS.map((one) => (one.provider === "whatsapp" ? { ...one, jwt: whatsappJwt } : one));
  const agents = Object.entries(WORLD_OPTIONS.agents ?? {}).map(
    ([id, agent]) => [id, id === PLAY_AGENT_ID ? agent : { ...agent, acceptDelayMs: 0 }] as const,
  );
  return {
    ...WORLD_OPTIONS,
    agents: Object.fromEntries(agents),
    accounts,
    botrunnerToken,
    remembered: null,
    ...more,
    bot: { talks: false, ...more.bot },
    org: { clientSecret, password: orgPassword, securityToken, ...more.org },
  };
}

type StageBase = Pick<Stage, "names" | "world" | "service" | "services" | "url" | "addresses">;

function makeStage(base: StageBase, front: Front | null): Stage {
  const { world, services, url, addresses } = base;
  const { parts } = world;
  const numbers = randomInt(100_000, 999_999);
  const people: Person[] = [];
  const secrets: string[] = [];
  const state: { token: string | undefined; closed: boolean } = { token: undefined, closed: false };

  const session = ({ userId }: Person): Session | undefined =>
    [...parts.desk.byId.values()].filter(({ user }) => user === userId).at(-1);

  const stage: Stage = {
    ...base,
    session,
    user(alias, agent = "at once") {
      const digits = `521559${String(numbers)}${String(people.length).padStart(3, "0")}`;
      const person: Person = {
        userId: digits,
        name: `Nombre-${alias}-${digits.slice(6)}`,
        email: `correo.${alias}.${digits.slice(6)}@canary.example`,
        phoneNumber: digits,
        channel: "whatsapp",
        ...(agent === "manual" ? { extraData: { source_flow_bot: PLAY_FLOW } } : {}),
      };
      people.push(person);
      parts.people.put(person);
      return person;
    },
    async openChat(person, wanted = "ENGAGED") {
      const before = session(person)?.id;
      await parts.bot.typed(person.userId, "Ayuda");
      const why = (): unknown => ({ connect: parts.bot.lastConnect(person.userId), state: session(person)?.state });
      return eventually(
        `a chat of the user at the desk, ${wanted}`,
        () => {
          const newest = session(person);
          return newest !== undefined && newest.id !== before && newest.state === wanted && newest;
        },
        { why },
      );
    },
    async token() {
      if (state.token === undefined) {
        const { username } = SERVICE_ACCOUNTS.bot;
        const body = JSON.stringify({ username, password: settingCanaries.botPassword });
        const response = await fetch(`${url}/v1/authenticate`, { method: "POST", body });
        const answer = (await response.json()) as { readonly token?: string };
        if (answer.token === undefined) throw new Error(`no token: ${String(response.status)}`);
        state.token = answer.token;
        secrets.push(answer.token);
      }
      return state.token;
    },
    async call(method, path, body, headers = {}) {
      const token = await stage.token();
      return fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(callTimeoutMs),
      });
    },
    async close() {
      if (state.closed) return;
      state.closed = true;
      const known = [...parts.desk.byId.values()].flatMap(({ key, affinityToken }) => [key, affinityToken]);
      const own = people.flatMap(({ userId, email, name }) => [userId, email, name]);
      await Promise.all(services.map((one) => one.close()));
      await front?.close();
      await world.close();
      const login = addresses.wire === undefined ? [] : [addresses.wire.password];
      await keepSecrets("stage", [...secrets, ...known, ...own, ...login]);
    },
  };
  return stage;
}

/**
 * The world around the service: a Salesforce org, a channel platform, a bot platform with its bot, and the control API over all.
 * Composes the parts and starts their servers on 127.0.0.1; what each part does is in its own file.
 * Started by the sandbox, by tests, and alone by main.ts.
 */
import { randomInt } from "node:crypto";

import { bot as makeBot } from "./bot.ts";
import type { BotSettings } from "./bot.ts";
import { botrunner as makeBotrunner } from "./botrunner.ts";
import { realClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { startControl } from "./control/server.ts";
import {
  DEFAULT_ACCOUNTS,
  DEFAULT_AGENTS,
  DEFAULT_BOT,
  DEFAULT_BOTRUNNER_TOKEN,
  DEFAULT_ORG,
  DEFAULT_STUDIO_NG_TOKEN,
} from "./defaults.ts";
import type { OrgSettings } from "./defaults.ts";
import { startExchange } from "./exchange.ts";
import type { Exchange, ExchangeParts } from "./exchange.ts";
import { faultSwitches } from "./faults.ts";
import { seededIds } from "./ids.ts";
import { integrations as makeIntegrations } from "./integrations.ts";
import type { BotAccount, Integrations } from "./integrations.ts";
import { startJournal } from "./journal.ts";
import type { SystemName } from "./journal.ts";
import { putAgent } from "./live-agent/agents.ts";
import type { AgentSettings } from "./live-agent/agents.ts";
import { openDesk, usualModes } from "./live-agent/desk.ts";
import type { DeskModes } from "./live-agent/desk.ts";
import { attachScripts } from "./live-agent/scripts.ts";
import { startMedia } from "./media.ts";
import { peopleRegister } from "./people.ts";
import { phones as makePhones } from "./phone.ts";
import { oauth as makeOauth } from "./salesforce/oauth.ts";
import { recordStore } from "./salesforce/records.ts";
import { salesforceSystem } from "./salesforce/server.ts";
import { serviceClient } from "./service-client.ts";
import type { ServiceAddress } from "./service-client.ts";
import { studioNg as makeStudioNg } from "./studio-ng.ts";
import { webhookDelivery } from "./webhooks.ts";
import type { WorldParts } from "./world-parts.ts";

/** How the world is set up; everything has a usual value. */
export interface WorldOptions {
  /** Ports; 0 or left out: any free one. */
  readonly ports?: Partial<Record<SystemName | "control" | "media", number>>;
  readonly org?: Partial<OrgSettings>;
  readonly accounts?: readonly BotAccount[];
  /** undefined in the object: no `?jwt=` is asked for. */
  readonly botrunnerToken?: string;
  readonly studioNgToken?: string;
  readonly bot?: Partial<BotSettings>;
  /** Agents by id. */
  readonly agents?: Readonly<Record<string, AgentSettings>>;
  readonly modes?: Partial<DeskModes>;
  /** How many entries journal, phones, screens and sessions remember; null: all. Default 20,000. */
  readonly remembered?: number | null;
  /** Calls with larger bodies are journalled by size only. Default 64 KiB. */
  readonly journalBodyBytes?: number;
  /** How long an unaccepted webhook is repeated, milliseconds. Default 10 minutes. */
  readonly webhookGiveUpMs?: number;
  /** Where ids come from. Left out: another one each time, since services remember message ids over restarts of the world. */
  readonly seed?: number;
  readonly clock?: Clock;
}

/** A running world. */
export interface World {
  readonly salesforceUrl: string;
  readonly integrationsUrl: string;
  readonly botrunnerUrl: string;
  readonly studioNgUrl: string;
  readonly controlUrl: string;
  /** `host:port` of users' files. */
  readonly mediaHost: string;
  readonly parts: WorldParts;
  /** From now on the bot delivers webhooks to the service and asks it for agents. */
  connectBot(service: ServiceAddress): void;
  close(): Promise<void>;
}

/** Starts the world; all servers listen when it resolves. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const stop = new AbortController();
  const exchanges = new Map<SystemName, Exchange>();
  const clock = options.clock ?? realClock();
  const media = await startMedia(clock, rememberedBy(options), options.ports?.media ?? 0);
  const parts = { ...makeParts(options, clock, stop.signal, exchanges), media };
  const exchangeParts = { ...parts, journalBodyBytes: options.journalBodyBytes ?? 65_536 };
  const urlOf = (name: SystemName): string => exchanges.get(name)?.url ?? "";
  await startExchanges(parts, exchangeParts, exchanges, options);
  const control = await startControl(parts, options.ports?.control ?? 0);
  return {
    salesforceUrl: urlOf("salesforce"),
    integrationsUrl: urlOf("integrations"),
    botrunnerUrl: urlOf("botrunner"),
    studioNgUrl: urlOf("studio-ng"),
    controlUrl: control.url,
    mediaHost: media.host,
    parts,
    connectBot(service) {
      parts.connectBot(service);
    },
    async close() {
      stop.abort();
      await Promise.all([
        control.close(),
        media.close(),
        ...[...exchanges.values()].map((exchange) => exchange.close()),
      ]);
    },
  };
}

async function startExchanges(
  parts: WorldParts,
  exchangeParts: ExchangeParts,
  exchanges: Map<SystemName, Exchange>,
  options: WorldOptions,
): Promise<void> {
  const { integrations, botrunner, studioNg } = parts;
  const salesforce = salesforceSystem(parts.oauth, parts.desk);
  const systems = [salesforce, integrations.system, botrunner.system, studioNg.system];
  for (const system of systems) {
    exchanges.set(system.name, await startExchange(system, exchangeParts, options.ports?.[system.name] ?? 0));
  }
}

function rememberedBy({ remembered }: WorldOptions): number | null {
  return remembered === undefined ? 20_000 : remembered;
}

function makeParts(
  options: WorldOptions,
  clock: Clock,
  stopped: AbortSignal,
  exchanges: ReadonlyMap<SystemName, Exchange>,
): Omit<WorldParts, "media"> {
  const ids = seededIds(options.seed ?? randomInt(2 ** 31));
  const remembered = rememberedBy(options);
  const org = { ...DEFAULT_ORG, ...options.org };
  const people = peopleRegister();
  const records = recordStore(clock, ids);
  const modes = { ...usualModes(), ...options.modes };
  const desk = openDesk({ clock, ids, settings: { ...org, remembered }, modes, records, people });
  attachScripts(desk);
  const agents = options.agents ?? DEFAULT_AGENTS;
  for (const [id, settings] of Object.entries(agents)) {
    putAgent(desk, id, settings);
  }
  const base = { clock, ids, org, people, desk, agents, exchanges };
  return {
    ...base,
    journal: startJournal(clock, remembered),
    faults: faultSwitches(ids.random),
    oauth: makeOauth(org, clock, ids),
    ...botSide(options, base, remembered, stopped),
  };
}

type BotSide = Pick<
  WorldParts,
  "phones" | "integrations" | "botrunner" | "studioNg" | "bot" | "webhooks" | "connectBot"
>;

function botSide(
  options: WorldOptions,
  base: Pick<WorldParts, "clock" | "ids" | "people">,
  remembered: number | null,
  stopped: AbortSignal,
): BotSide {
  const { clock, ids } = base;
  const connection: { service: ServiceAddress | undefined } = { service: undefined };
  const address = (): ServiceAddress | undefined => connection.service;
  const phones = makePhones(clock, remembered);
  const webhooks = webhookDelivery({
    clock,
    target: (channel) => integrations.webhookOf(channel) ?? unregistered(address(), channel),
    giveUpMs: options.webhookGiveUpMs ?? 600_000,
    remembered,
    stopped,
  });
  const accounts = options.accounts ?? DEFAULT_ACCOUNTS;
  const integrations: Integrations = makeIntegrations({
    accounts,
    phones,
    ids,
    onDelivered: (line) => {
      bot.onDelivered(line);
    },
  });
  const bot = makeBot({
    ...base,
    phones,
    webhooks,
    service: serviceClient({ clock, address, stopped }),
    settings: { ...DEFAULT_BOT, ...options.bot },
    echoes: () => integrations.modes.echoes,
  });
  const botrunner = makeBotrunner({
    clock,
    token: "botrunnerToken" in options ? options.botrunnerToken : DEFAULT_BOTRUNNER_TOKEN,
    remembered,
    onState: (given) => {
      bot.onState(given);
    },
  });
  const studioNg = makeStudioNg({
    clock,
    token: options.studioNgToken ?? DEFAULT_STUDIO_NG_TOKEN,
    remembered,
    onState: (fired) => {
      bot.onState(fired);
    },
  });
  return {
    phones,
    integrations,
    botrunner,
    studioNg,
    bot,
    webhooks,
    connectBot(service) {
      connection.service = service;
    },
  };
}

/** Where webhooks go that nobody has registered: to the service that the bot works with. */
function unregistered(service: ServiceAddress | undefined, channel: "whatsapp" | "facebook"): string | undefined {
  return service === undefined ? undefined : new URL(`/v1/integrations/${channel}/webhook`, service.url).href;
}

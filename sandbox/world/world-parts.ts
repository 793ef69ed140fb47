/**
 * The parts that a running world consists of, as one interface for the control API and for tests in the same process.
 * Put together by world.ts.
 */
import type { Bot } from "./bot.ts";
import type { Botrunner } from "./botrunner.ts";
import type { Clock } from "./clock.ts";
import type { OrgSettings } from "./defaults.ts";
import type { Exchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import type { Ids } from "./ids.ts";
import type { Integrations } from "./integrations.ts";
import type { Journal, SystemName } from "./journal.ts";
import type { AgentSettings } from "./live-agent/agents.ts";
import type { Desk } from "./live-agent/desk.ts";
import type { People } from "./people.ts";
import type { Phones } from "./phone.ts";
import type { MediaHost } from "./media.ts";
import type { Oauth } from "./salesforce/oauth.ts";
import type { ServiceAddress } from "./service-client.ts";
import type { StudioNg } from "./studio-ng.ts";
import type { Webhooks } from "./webhooks.ts";

/** The parts of a running world, for tests in the same process. */
export interface WorldParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly org: OrgSettings;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly oauth: Oauth;
  readonly desk: Desk;
  readonly people: People;
  readonly phones: Phones;
  readonly integrations: Integrations;
  readonly botrunner: Botrunner;
  readonly studioNg: StudioNg;
  readonly bot: Bot;
  readonly media: MediaHost;
  readonly webhooks: Webhooks;
  readonly exchanges: ReadonlyMap<SystemName, Exchange>;
  /** Agents as they were at the start, for a reset. */
  readonly agents: Readonly<Record<string, AgentSettings>>;
  connectBot(service: ServiceAddress): void;
}

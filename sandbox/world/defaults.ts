/**
 * The org, accounts and agent that the sandbox has when nothing else is asked for.
 * Made-up values; whoever configures the service for the sandbox takes them from here.
 */
import type { AgentSettings } from "./live-agent/agents.ts";
import type { BotSettings } from "./bot.ts";
import type { BotAccount } from "./integrations.ts";
import type { OauthSettings } from "./salesforce/oauth.ts";

/** Everything that the service must be told about the org. */
export interface OrgSettings extends OauthSettings {
  readonly deploymentId: string;
  readonly buttons: readonly string[];
}

/** The sandbox's org. */
export const DEFAULT_ORG: OrgSettings = {
  organizationId: "00D5g0000000SBX",
  deploymentId: "5725g000000SBX1",
  buttons: ["5735g000000SBX1", "5735g000000SBX2"],
  clientId: "sandbox-client-id",
  clientSecret: "sandbox-client-secret",
  username: "api@sandbox.example.org",
  password: "sandbox-password",
  securityToken: "sandboxSecurityToken",
  jwtPublicKey: null,
  tokenLifeMs: null,
};

/** The bot's accounts at the Integrations API. */
export const DEFAULT_ACCOUNTS: readonly BotAccount[] = [
  { channel: "outgoing_webhook", botId: "sandbox-whatsapp-bot", jwt: "sandbox-whatsapp-jwt", provider: "whatsapp" },
  { channel: "passthrough", botId: "sandbox-facebook-bot", jwt: "sandbox-facebook-jwt", provider: "facebook" },
];

/** Value of `?jwt=` at Botrunner. */
export const DEFAULT_BOTRUNNER_TOKEN = "sandbox-botrunner-token";

/** Bearer token of Studio NG. */
export const DEFAULT_STUDIO_NG_TOKEN = "sandbox-studio-ng-token";

/** The bot. */
export const DEFAULT_BOT: BotSettings = {
  botSlug: "sandbox-bot",
  botId: "5215500000000",
  pageId: "100000000000001",
  talks: true,
};

/** One agent, who accepts by themselves at once and says nothing. */
export const DEFAULT_AGENTS: Readonly<Record<string, AgentSettings>> = {
  "0055g0000000AG1": { name: "Ana Torres" },
};

// What is allowed and probably not meant: warnings about the settings as a whole. Mistakes, which stop the start, are
// together.ts's. Called by settings-shape.ts.
import { readDsn } from "../sentry/dsn.ts";
import { isFieldName } from "./record-settings.ts";
import type { SettingWarning } from "./names.ts";
import type { SettingValues } from "./schema.ts";

const shortestKey = 48;

/** What an operator should know of settings that are right each by itself. */
export function doubts(values: SettingValues, production: boolean): readonly SettingWarning[] {
  const found: (SettingWarning | false)[] = [
    values.SECRET_KEY.length < shortestKey && {
      settings: ["SECRET_KEY"],
      hint: "shorter than the 48 bytes that HMAC SHA-384 makes use of: tokens are easier to forge",
    },
    !production &&
      (values.STATE_ENCRYPTION_KEY ?? []).length === 0 && {
        settings: ["STATE_ENCRYPTION_KEY"],
        hint: "not set: session keys and tokens stand in topics and Redis as they are",
      },
    values.BOTRUNNER_URL === null &&
      values.STUDIO_NG_URL === null && {
        settings: ["BOTRUNNER_URL", "STUDIO_NG_URL"],
        hint: "neither is set: the bot is not told when it has the user again",
      },
    values.BOTRUNNER_URL !== null &&
      values.STUDIO_NG_URL !== null && {
        settings: ["BOTRUNNER_URL", "STUDIO_NG_URL"],
        hint: "both are set: Studio NG is told every state, Botrunner none",
      },
    values.INTEGRATIONS_SIGNATURE === null &&
      values.META_APP_SECRET === null &&
      (values.WEBHOOK_SECRET ?? []).length === 0 && {
        settings: ["INTEGRATIONS_SIGNATURE", "META_APP_SECRET", "WEBHOOK_SECRET"],
        hint: "none is set: anybody who reaches the webhooks can speak for a user",
      },
    values.REDIS_ADDRESS !== null &&
      values.REDIS_MASTER !== null && {
        settings: ["REDIS_ADDRESS", "REDIS_MASTER"],
        hint: "both are set: REDIS_ADDRESS holds, the Sentinels are not asked",
      },
  ];
  const others = [
    ...silentChannels(values),
    ...ofTheGoService(values),
    ...doubtfulStates(values),
    ...doubtfulFlows(values),
    ...doubtfulFields(values),
  ];
  return [...found.filter((entry) => entry !== false), ...others];
}

/** Agents' texts that reach nobody: each becomes a dead letter, and its agent is told. */
function silentChannels(values: SettingValues): readonly SettingWarning[] {
  if (values.INTEGRATIONS_BASE_URL === null)
    return [{ settings: ["INTEGRATIONS_BASE_URL"], hint: "not set: nothing that agents write reaches users" }];
  if (values.INTEGRATIONS_WA_BOT_ID !== null || values.INTEGRATIONS_FB_BOT_ID !== null) return [];
  const settings = ["INTEGRATIONS_WA_BOT_ID", "INTEGRATIONS_FB_BOT_ID"];
  return [{ settings, hint: "neither is set: nothing that agents write reaches users" }];
}

/** Settings that the Go service had, or that exist for its sake. */
function ofTheGoService(values: SettingValues): readonly SettingWarning[] {
  const found: (SettingWarning | false)[] = [
    values.USE_PROFILE && {
      settings: ["USE_PROFILE"],
      hint: "profiles are not served over HTTP: anybody could have them",
    },
    values.SENTRY_DSN !== null &&
      readDsn(values.SENTRY_DSN) === null && {
        settings: ["SENTRY_DSN"],
        hint: "is no DSN (https://key@host/project): nothing is reported",
      },
    values.STATE_COMPAT === "original" && {
      settings: ["STATE_COMPAT"],
      hint: "original: session keys and tokens of open chats stand in Redis as they are, until it is native again",
    },
  ];
  return found.filter((entry) => entry !== false);
}

/** Flows whose chats will be refused. */
function doubtfulFlows({ SFC_SOURCE_FLOW_BOT: flows }: SettingValues): readonly SettingWarning[] {
  const settings = ["SFC_SOURCE_FLOW_BOT"];
  const all = Object.values(flows);
  const buttons = all.flatMap(({ providers }) => Object.values(providers));
  return [
    ...(all.some(({ subject }) => subject === "")
      ? [{ settings, hint: "a flow has no subject: its chats are refused" }]
      : []),
    ...(buttons.some(({ buttonId }) => buttonId === "")
      ? [{ settings, hint: "a channel of a flow has no button: its chats are refused" }]
      : []),
  ];
}

/** Maps to what no record can have. */
function doubtfulFields(values: SettingValues): readonly SettingWarning[] {
  const names = ["SFC_CUSTOM_FIELDS_CASE", "SFC_CUSTOM_FIELDS_CONTACT", "SFC_CUSTOM_FIELDS_ACCOUNT"] as const;
  return names
    .filter((name) => !Object.values(values[name] ?? {}).every(isFieldName))
    .map((name) => ({
      settings: [name],
      hint: "a key has no API name of a field: Salesforce refuses chats that bring it",
    }));
}

/** Maps of bot states that name an unknown channel, or lack one that has a bot. */
function doubtfulStates(values: SettingValues): readonly SettingWarning[] {
  const { INTEGRATIONS_WA_BOT_ID: whatsapp, INTEGRATIONS_FB_BOT_ID: facebook } = values;
  const served = [...(whatsapp === null ? [] : ["whatsapp"]), ...(facebook === null ? [] : ["facebook"])];
  return (["SUCCESS_STATE", "TIMEOUT_STATE", "BLOCKED_USER_STATE"] as const).flatMap((name): SettingWarning[] => {
    const states = values[name];
    const lacking = served.filter((channel) => !Object.hasOwn(states, channel) || states[channel] === "");
    const strange = Object.keys(states).some((channel) => channel !== "whatsapp" && channel !== "facebook");
    return [
      ...lacking.map((channel) => ({
        settings: [name],
        hint: `no state for ${channel}: its users can't be handed back so`,
      })),
      ...(strange ? [{ settings: [name], hint: "names a channel other than whatsapp and facebook" }] : []),
    ];
  });
}

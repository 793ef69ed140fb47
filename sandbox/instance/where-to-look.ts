// Owns the text that tells a person where a running sandbox is and what to do with it. Pure. Called by main.ts.
import { PLAY_FLOW, SERVICE_ACCOUNTS } from "../environment.ts";
import type { InstanceAddresses } from "./instance-file.ts";

const EXAMPLE_USER = "5215512345678";

/** Addresses, accounts, a conversation by hand, how to play and how to stop. */
export function whereToLook(addresses: InstanceAddresses): string {
  const { page, service, metrics, control, salesforce, integrations, botrunner, registry, brokers, redis, serviceLog } =
    addresses;
  const { bot, salesforce: agent } = SERVICE_ACCOUNTS;
  return `
The sandbox is up. Its page: ${page}

  service       ${service}/v1/welcome
                ${metrics}/ready, ${metrics}/metrics
                log: ${serviceLog}
                callers: ${bot.username} / ${bot.password}, ${agent.username} / ${agent.password}
  world         ${control} (what can be done there: GET /)
                Salesforce ${salesforce}, Integrations ${integrations}, Botrunner ${botrunner}
  Kafka         ${brokers}, topics sandbox.*
  registry      ${registry}
  Redis         ${redis}

A conversation by hand:

  curl ${control}/phones/${EXAMPLE_USER}/messages -d '{"text":"Hola"}'      a user writes to the bot
  curl ${control}/phones/${EXAMPLE_USER}/messages -d '{"text":"Ayuda"}'     … and asks for a human; an agent accepts after 2 s
  curl '${control}/live-agent/sessions?user=${EXAMPLE_USER}'                      the session, its id and what was said
  curl ${control}/live-agent/sessions/ID/say -d '{"text":"Buenos días"}'    the agent writes
  curl '${control}/phones/log?user=${EXAMPLE_USER}'                              what the user sees
  curl -X POST ${control}/live-agent/sessions/ID/end                        the agent ends; the bot has the user back

The page's own API: GET ${page}/api. A scripted conversation (flow "${PLAY_FLOW}"): npm run sandbox -- --play
`;
}

// The rows of docs/parity.md about Kafka, and about schedules, health and what operators see, written down by hand from the parity sheet.
import { better, dropped, same, type ParitySection } from "./row.ts";

const clients = "test/unit/clients";
const topology = "test/unit/topology";

/** Sections 5 and 9. */
export const operationRows: readonly ParitySection[] = [
  {
    title: "Kafka (section 5)",
    rows: [
      same("5 security", "SASL with user and password", [
        `${clients}/config/settings`,
        "what settings say together > asks for user and password with SASL, and ignores them without",
      ]),
      better(
        "5 brokers",
        "one, `{KAFKA_HOST}:{KAFKA_PORT}`",
        [`${clients}/config/settings`, "what settings say together > adds KAFKA_PORT to brokers without a port"],
        "the same, or a list of them",
      ),
      better(
        "5 key",
        "constant `0`, so one partition for everybody",
        ["test/unit/ingress/paths", "record sinks > encode, key by user, and leave the partition to the key"],
        "the user: order for each, partitions for all",
      ),
      better(
        "5 message",
        "JSON on `{KAFKA_TOPIC}`, both directions",
        [
          "test/integration/rollover",
          "R32: what the Go service left > R32: its open chats go on both ways, its context is shown, its undelivered texts arrive once, and all ends at the bot",
        ],
        "Avro on topics of their own; what the Go service has left is read once",
      ),
      better(
        "5 client",
        "not compared with CLIENT",
        [
          "test/simulation/inputs",
          "records that can't be decided > of another client are passed over without a trace, and counted",
        ],
        "records of another client are skipped and counted",
      ),
      same("5 rate limits", "so many a second by direction, a burst of the integer part and one", [
        `${topology}/rate-limits`,
        "a limit > lets its integer part and one pass at once, then one after the other in the order in which they came",
      ]),
      better(
        "5 rate limits, directions",
        "one direction's wait holds the other up",
        [`${topology}/rate-limits`, "a limit > of one direction is not used up by the other"],
        "each direction by itself",
      ),
      better(
        "5 rate limits, order",
        "first come first served",
        [`${topology}/rate-limits`, "lanes with a limit > take their users in turn, each user's texts in order"],
        "users in turn",
      ),
      better(
        "5 send retries",
        "one and MAX_RETRIES tries without a pause",
        [
          "test/unit/conformance/environment",
          "Retries: MAX_RETRIES 3 is 4 sends of one text, with pauses, then it is given up",
        ],
        "as many calls where it is set, with pauses (defect B4)",
      ),
      better(
        "5 send retries, the last",
        "is logged, the text dropped",
        [
          "test/unit/processors/interconnection/talk",
          "a message that could not be delivered > of the user is told to the user, once for several behind one another",
        ],
        "dead letter, fact, and a notice to the sender's side",
      ),
      better(
        "5 retention",
        "what the topic has",
        [`${clients}/kafka/topic-settings`, "newTopic > keeps inputs for a week and never elects a replica that lags"],
        "said by the service for every topic that it creates",
      ),
    ],
  },
  {
    title: "Schedules, health and operations (section 9)",
    rows: [
      same("9 keep-alive", "a call on SPEC_SCHEDULE", [
        `${clients}/salesforce/keep-alive`,
        "calls after every interval, the first time after one, and ends when stopped",
      ]),
      same("9 keep-alive, call", "the search of a contact by e-mail, SFC_USERNAME", [
        `${clients}/salesforce/keep-alive-call`,
        "is the search of a contact by the user's name as e-mail, whether it finds nobody or not, and makes nothing",
      ]),
      same("9 keep-alive, 401", "renews the token", [
        `${clients}/salesforce/keep-alive-call`,
        "renews the token that the org has forgotten, and asks again",
      ]),
      same("9 schedules", "cron in the process's time zone", [
        `${clients}/schedule`,
        "a cron expression > is meant in the time zone of the process",
      ]),
      better(
        "9 bad schedule",
        "stops the start",
        [`${clients}/config/settings`, "mistakes > tells wrong, missing and contradicting ones together"],
        "the same, told by name and with all other mistakes",
      ),
      same("9 liveness", "`GET /v1/welcome`", ["test/unit/ingress/paths", "welcome > is one JSON document"]),
      better(
        "9 readiness",
        "the port is open",
        [`${clients}/metrics/metrics`, "observation port > says what is missing with 503, and 200 when nothing is"],
        "`/ready` on a port of its own says what is missing",
      ),
      better(
        "9 Sentry",
        "initialised only",
        [
          "test/integration/sentry",
          "reports a dead letter, an alarm and an unhandled error, without words, numbers or tokens",
        ],
        "errors, dead letters and alarms are reported",
      ),
      better(
        "9 metrics",
        "none",
        [
          `${clients}/metrics/metrics`,
          "metrics > export counters, timers in seconds and gauges under the service's name",
        ],
        "Prometheus",
      ),
      dropped(
        "9 spans",
        "Datadog spans, some with users and secrets in their tags",
        [`${clients}/metrics/metrics`, "metrics > drop a label that is not declared instead of throwing"],
        "metrics and the facts on `<T>.chat-events` tell the same without people",
      ),
      better(
        "9 logs",
        "JSON lines with `severity` on stderr, plain lines of libraries between",
        [`${clients}/log/log`, "lines > are one JSON object with severity, time, text and fields"],
        "on stdout, where containers' logs are looked for, and nothing but JSON",
      ),
      same("9 error texts, connects", "`could not create chat in salesforce: this contact is blocked` and the like", [
        `${topology}/refused-connects`,
        "is told of every connect that is refused, by request, by a step of the opening, by an end before it was open",
      ]),
      same(
        "9 error texts, session",
        "`[403] - Error call with status : Session required but was invalid or not found`",
        [
          `${clients}/salesforce/known-texts`,
          "the log > says `[403] - Error call with status : Session required but was invalid or not found` when a poll meets it",
        ],
      ),
      same("9 error texts, refusals", "`Event [ChatRequestFail] : [Unavailable]`", [
        `${clients}/salesforce/known-texts`,
        "the log > says `Event [ChatRequestFail] : [Unavailable]` when a poll meets it",
      ]),
      same("9 error texts, login", "`invalid_grant`", [
        `${clients}/salesforce/known-texts`,
        "the log > says `invalid_grant` when the login meets it",
      ]),
      better(
        "9 image",
        "runs as root",
        [
          "test/unit/deploy/manifest",
          "S20: the image > S20: runs as nobody in particular, from a named version, with nothing of the build's environment",
        ],
        "runs as nobody",
      ),
      better(
        "9 shutdown",
        "3 s and exit code 1",
        [
          "test/integration/start",
          "a stop > in the middle of a conversation drains, exits with 0 within 15 s, and the next start goes on with nothing lost or doubled",
        ],
        "drained, exit code 0",
      ),
      better(
        "9 manifest",
        "does not know of a drain; its probe asks the public port",
        [
          "test/unit/deploy/manifest",
          "S20: the manifest > S20: gives a stop more time than the drain takes, and asks the right port whether it lives",
        ],
        "gives a stop its time; its probes ask the port of the metrics",
      ),
    ],
  },
];

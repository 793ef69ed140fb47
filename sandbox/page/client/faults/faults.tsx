// The lower panel: switches that break things, the instances of the service, conversations that play by themselves, and the log of what
// was broken and how long it took to heal.
import type { JSX } from "preact";

import type { FaultView, Incident, InstanceView } from "../../protocol.ts";
import { act, call } from "../api.ts";
import { now } from "../state/clock.ts";
import { chosenUser, faultSeconds } from "../state/view.ts";
import { conditions } from "../state/world.ts";
import { clockTime, duration, elapsed } from "../words.ts";

const CROWD = { users: 50, perSecond: 100, seconds: 60 };

/** The panel. */
export function Faults(): JSX.Element {
  return (
    <>
      <div class="group group-faults">
        <div class="group-top">
          <h2>Break it</h2>
          <label>
            switches last{" "}
            <select
              value={String(faultSeconds.value)}
              onChange={({ currentTarget }) => (faultSeconds.value = Number(currentTarget.value))}
            >
              <option value="5">5 s</option>
              <option value="15">15 s</option>
              <option value="30">30 s</option>
              <option value="0">until switched off</option>
            </select>
          </label>
        </div>
        <ul class="faults">
          {conditions.value?.faults.map((fault) => (
            <li key={fault.name}>
              <Fault fault={fault} />
            </li>
          ))}
        </ul>
      </div>
      <div class="group group-service">
        <Instances />
        <Conversations />
      </div>
      <div class="group group-incidents">
        <div class="group-top">
          <h2>What happened</h2>
        </div>
        <Incidents />
      </div>
    </>
  );
}

function Fault({ fault }: { readonly fault: FaultView }): JSX.Element {
  const { name, title, does, heals, kind, isOn, offAt } = fault;
  const path = `/faults/${name}`;
  const seconds = faultSeconds.value === 0 ? {} : { seconds: faultSeconds.value };
  const left = offAt === null ? "" : `, ${elapsed(offAt - now.value)} left`;
  return (
    <div class="fault" data-on={isOn} data-fault={name}>
      <button
        type="button"
        role={kind === "switch" ? "switch" : undefined}
        aria-checked={kind === "switch" ? isOn : undefined}
        aria-describedby={`${name}-does`}
        onClick={() => (isOn ? act("DELETE", path) : act("POST", path, seconds))}
      >
        <span class="lever" aria-hidden="true" />
        {title}
      </button>
      <p id={`${name}-does`}>{isOn ? `On${left}. ${heals}` : does}</p>
    </div>
  );
}

function Instances(): JSX.Element {
  const list = conditions.value?.instances ?? [];
  const owners = conditions.value?.owners ?? [];
  return (
    <>
      <div class="group-top">
        <h2>The service</h2>
        <button type="button" onClick={() => act("POST", "/instances")}>
          Add an instance
        </button>
      </div>
      <ul class="instances">
        {list.map((instance) => (
          <li key={instance.number} data-owner={instance.number} data-state={instance.state}>
            <strong>Instance {instance.number}</strong>
            <span class="state">{stateWords(instance)}</span>
            <span class="soft">
              {owners.filter((owner) => owner === instance.number).length} partitions
              {instance.pid === null ? "" : `, process ${String(instance.pid)}`}
              {instance.restarts === 0 ? "" : `, restarts ${String(instance.restarts)}`}
            </span>
            <InstanceActs instance={instance} />
          </li>
        ))}
      </ul>
    </>
  );
}

function InstanceActs({ instance: { number } }: { readonly instance: InstanceView }): JSX.Element {
  if (number === 1) return <span />;
  return (
    <span class="acts">
      <button
        type="button"
        aria-label={`Kill instance ${String(number)}`}
        onClick={() => act("POST", `/instances/${String(number)}/kill`)}
      >
        Kill
      </button>
      <button
        type="button"
        aria-label={`Stop instance ${String(number)}`}
        onClick={() => act("DELETE", `/instances/${String(number)}`)}
      >
        Stop
      </button>
    </span>
  );
}

function stateWords({ state, missing }: InstanceView): string {
  if (state === "waiting") return `waits for ${missing.join(", ")}`;
  if (state === "starting" && missing.length > 0 && !missing.includes("itself"))
    return `starting: ${missing.join(", ")}`;
  return state;
}

function Conversations(): JSX.Element {
  const crowd = conditions.value?.crowd ?? null;
  return (
    <>
      <div class="group-top">
        <h2>By themselves</h2>
      </div>
      <div class="canned">
        {conditions.value?.conversations.map(({ name, title, isPlaying }) => (
          <button key={name} type="button" disabled={isPlaying} onClick={() => void playCanned(name)}>
            {title}
            {isPlaying ? " …" : ""}
          </button>
        ))}
        {crowd === null ? (
          <button type="button" onClick={() => act("POST", "/crowd", CROWD)}>
            A crowd of {CROWD.users}
          </button>
        ) : (
          <button type="button" class="danger" onClick={() => act("DELETE", "/crowd")}>
            End the crowd ({elapsed(crowd.untilAt - now.value)})
          </button>
        )}
      </div>
    </>
  );
}

async function playCanned(name: string): Promise<void> {
  const answer = await call("POST", `/conversations/${name}`, {});
  if (typeof answer === "object" && answer !== null && "userId" in answer) chosenUser.value = String(answer.userId);
}

function Incidents(): JSX.Element {
  const list = conditions.value?.incidents ?? [];
  if (list.length === 0) return <p class="empty">Nothing was broken yet.</p>;
  return (
    <ol class="incidents" aria-label="Incidents, the newest first" tabIndex={0}>
      {list.map((incident) => (
        <li key={incident.id} data-healed={incident.healedAt !== null} data-fault={incident.fault}>
          <time>{clockTime(incident.at)}</time>
          <div>
            <strong>{incident.title}</strong>
            <p>{incidentWords(incident)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function incidentWords({ at, struck, endedAt, healedAt, isFailed, note }: Incident): string {
  const calls = struck === null ? "" : ` ${struck === 1 ? "1 call was" : `${String(struck)} calls were`} struck.`;
  if (endedAt === null) return `On for ${elapsed(now.value - at)}.`;
  const lasted = endedAt - at > 100 ? `Lasted ${duration(endedAt - at)}.` : "";
  if (isFailed) return `${lasted}${calls} Failed: ${note}.`.trim();
  if (healedAt === null) return `${lasted}${calls} Not healed yet: ${note}.`.trim();
  return `${lasted}${calls} Healed ${duration(healedAt - endedAt)} later: ${note}.`.trim();
}

// The left panel: whose phone it is, a new phone, the phone itself, and who has its user.
import type { JSX } from "preact";
import { computed, useSignal } from "@preact/signals";

import type { User } from "../../protocol.ts";
import { call } from "../api.ts";
import { Icon } from "../icons.tsx";
import { chosenUser } from "../state/view.ts";
import { openChats, agents, users } from "../state/world.ts";
import { initials } from "../words.ts";
import { Phone } from "./phone.tsx";

/** The user whose phone is shown: the chosen one, else the first. */
const user = computed<User | undefined>(() => {
  const known = users.value;
  return known.get(chosenUser.value ?? "") ?? [...known.values()].find(({ isCrowd }) => !isCrowd);
});

const FEW = 5;
const HOLDERS: Readonly<Record<User["holder"], string>> = {
  bot: "The bot has the user.",
  connecting: "The bot has asked for an agent.",
  agent: "An agent has the user; the bot is silent.",
};

/** The panel. */
export function PhonePanel(): JSX.Element {
  const shown = user.value;
  return (
    <>
      <Choice />
      {shown !== undefined && <Phone key={shown.id} user={shown} />}
      {shown !== undefined && (
        <p class="holder" data-holder={shown.holder} role="status">
          {holderWords(shown)}
        </p>
      )}
    </>
  );
}

function holderWords(shown: User): string {
  const chat = openChats.value.findLast(({ user: id }) => id === shown.id);
  if (chat?.state === "QUEUED") return "Waits for an agent; the bot is silent.";
  const agent = agents.value.find(({ id }) => id === chat?.agent);
  return agent === undefined ? HOLDERS[shown.holder] : `${agent.name} has the user; the bot is silent.`;
}

function Choice(): JSX.Element {
  const isAdding = useSignal(false);
  const own = [...users.value.values()].filter(({ isCrowd }) => !isCrowd);
  const crowd = [...users.value.values()].filter(({ isCrowd }) => isCrowd);
  const newest = own.length <= FEW ? own : own.slice(-FEW);
  return (
    <div class="choice">
      <div class="faces" role="group" aria-label="Whose phone">
        {newest.map((one) => (
          <Face key={one.id} one={one} />
        ))}
        <button
          type="button"
          class="face add"
          aria-expanded={isAdding.value}
          aria-label="New phone"
          onClick={() => (isAdding.value = !isAdding.value)}
        >
          <Icon name="plus" />
        </button>
      </div>
      {isAdding.value && <NewPhone onDone={() => (isAdding.value = false)} />}
      {own.length + crowd.length > FEW && <AllPhones own={own} crowd={crowd} />}
    </div>
  );
}

function Face({ one }: { readonly one: User }): JSX.Element {
  const isShown = user.value?.id === one.id;
  return (
    <button
      type="button"
      class="face"
      data-channel={one.channel}
      data-holder={one.holder}
      aria-pressed={isShown}
      title={`${one.name}, ${one.channel}`}
      onClick={() => (chosenUser.value = one.id)}
    >
      <span aria-hidden="true">{initials(one.name)}</span>
      <span class="unseen">
        {one.name}, {one.channel}
      </span>
    </button>
  );
}

interface AllPhonesProps {
  readonly own: readonly User[];
  readonly crowd: readonly User[];
}

function AllPhones({ own, crowd }: AllPhonesProps): JSX.Element {
  return (
    <select
      aria-label="All phones"
      value={user.value?.id ?? ""}
      onChange={({ currentTarget }) => (chosenUser.value = currentTarget.value)}
    >
      <Options list={own} />
      {crowd.length > 0 && (
        <optgroup label="Crowd">
          <Options list={crowd} />
        </optgroup>
      )}
    </select>
  );
}

function Options({ list }: { readonly list: readonly User[] }): JSX.Element {
  return (
    <>
      {list.map(({ id, name, channel }) => (
        <option key={id} value={id}>
          {name} ({channel})
        </option>
      ))}
    </>
  );
}

function NewPhone({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const name = useSignal("");
  const add = async (channel: User["channel"]): Promise<void> => {
    const answer = await call("POST", "/users", { name: name.value, channel });
    if (typeof answer !== "object" || answer === null || !("userId" in answer)) return;
    chosenUser.value = String(answer.userId);
    onDone();
  };
  return (
    <div class="new-phone">
      <input
        aria-label="Name of the new user"
        placeholder="Name"
        value={name.value}
        onInput={({ currentTarget }) => (name.value = currentTarget.value)}
      />
      <button type="button" onClick={() => void add("whatsapp")}>
        WhatsApp
      </button>
      <button type="button" onClick={() => void add("facebook")}>
        Facebook
      </button>
    </div>
  );
}

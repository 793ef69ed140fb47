// The middle panel: the agent's seat, what rings, the agent's chats, and the open one.
import type { JSX } from "preact";
import { computed } from "@preact/signals";

import type { Agent, DeskChat } from "../../protocol.ts";
import { act } from "../api.ts";
import { now } from "../state/clock.ts";
import { chosenAgent, chosenChat } from "../state/view.ts";
import { agents, chats, users } from "../state/world.ts";
import { elapsed } from "../words.ts";
import { Chat } from "./chat.tsx";

/** Rows that are drawn of a long list; the newest. */
const DRAWN_CHATS = 30;

/** The agent in whose chair the visitor sits. */
const seat = computed<Agent | undefined>(
  () => agents.value.find(({ id }) => id === chosenAgent.value) ?? agents.value[0],
);

const ringing = computed(() =>
  [...chats.value.values()].filter(
    ({ state, declinedBy }) => state === "QUEUED" && !declinedBy.includes(seat.value?.id ?? ""),
  ),
);
/** For who does not see it ring; without the time, which would be read out every second. */
const ringingWords = computed(() => {
  const newest = ringing.value.at(-1);
  if (newest === undefined) return "";
  const others = ringing.value.length - 1;
  return `${newest.name} waits for an agent${others === 0 ? "" : `, and ${String(others)} more`}.`;
});
const mine = computed(() =>
  [...chats.value.values()]
    .filter(({ state, agent }) => state !== "QUEUED" && agent === seat.value?.id)
    .slice(-DRAWN_CHATS),
);
const others = computed(() =>
  [...chats.value.values()]
    .filter(({ state, agent }) => state === "ENGAGED" && agent !== seat.value?.id)
    .slice(-DRAWN_CHATS),
);
/** The chat that is open: the chosen one while it is the agent's, else their newest. */
const open = computed<DeskChat | undefined>(() => {
  const chosen = chats.value.get(chosenChat.value ?? "");
  if (chosen !== undefined && chosen.state !== "QUEUED") return chosen;
  return mine.value.findLast(({ state }) => state === "ENGAGED") ?? mine.value.at(-1);
});

/** The console. */
export function Console(): JSX.Element {
  return (
    <>
      <Seat />
      <p class="unseen" role="status">
        {ringingWords.value}
      </p>
      <Ringing />
      <ChatList />
      {open.value === undefined || seat.value === undefined ? (
        <p class="empty">
          When a user asks for a human, the chat rings here. Accept it, and what was said before is on the screen.
        </p>
      ) : (
        <Chat key={open.value.id} chat={open.value} agent={seat.value} />
      )}
    </>
  );
}

function Seat(): JSX.Element {
  const agent = seat.value;
  return (
    <div class="seat">
      <div class="seats" role="group" aria-label="In whose chair you sit">
        {agents.value.map(({ id, name }) => (
          <button
            key={id}
            type="button"
            aria-pressed={agent?.id === id}
            onClick={() => {
              chosenAgent.value = id;
              chosenChat.value = null;
            }}
          >
            {name}
          </button>
        ))}
      </div>
      {agent !== undefined && (
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={agent.online}
            onChange={({ currentTarget }) => act("PUT", `/world/agents/${agent.id}`, { online: currentTarget.checked })}
          />
          Online
        </label>
      )}
    </div>
  );
}

function Ringing(): JSX.Element {
  return (
    <ul class="ringing" aria-label="Chats that wait">
      {ringing.value.slice(0, DRAWN_CHATS).map((chat) => (
        <li key={chat.id} class="ring">
          <ChatName chat={chat} />
          <span class="soft">{elapsed(now.value - chat.createdAt)}</span>
          <button
            type="button"
            class="good"
            aria-label={`Accept ${chat.name}`}
            onClick={() => {
              chosenChat.value = chat.id;
              act("POST", `/world/live-agent/sessions/${chat.id}/accept`, { agentId: seat.value?.id });
            }}
          >
            Accept
          </button>
          <button
            type="button"
            aria-label={`Decline ${chat.name}`}
            onClick={() => act("POST", `/world/live-agent/sessions/${chat.id}/decline`, { agentId: seat.value?.id })}
          >
            Decline
          </button>
        </li>
      ))}
    </ul>
  );
}

function ChatList(): JSX.Element | null {
  const list = [...mine.value, ...others.value];
  if (list.length < 2) return null;
  return (
    <ul class="chat-list" aria-label="Chats">
      {list.toReversed().map((chat) => (
        <li key={chat.id}>
          <button
            type="button"
            class="chip"
            data-state={chat.state}
            aria-pressed={open.value?.id === chat.id}
            onClick={() => (chosenChat.value = chat.id)}
          >
            {chat.name}
            <span class="unseen">, {chat.state === "ENGAGED" ? "open" : "over"}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function ChatName({ chat }: { readonly chat: DeskChat }): JSX.Element {
  const channel = users.value.get(chat.user)?.channel ?? "";
  return (
    <span class="chat-name">
      <strong>{chat.name}</strong> <small class="soft">{channel}</small>
    </span>
  );
}

// The guided steps: what a visitor can do in five minutes, ticked off by what happened, not by clicks on them.
import type { JSX } from "preact";
import { computed } from "@preact/signals";

import { Icon } from "./icons.tsx";
import { hasFollowed, panel, showsSteps, type Panel } from "./state/view.ts";
import { arrivedEver, chats, conditions } from "./state/world.ts";

interface Step {
  readonly text: string;
  readonly panel: Panel;
  readonly isDone: () => boolean;
}

const STEPS: readonly Step[] = [
  { text: "Write Ayuda on the phone", panel: "phone", isDone: () => chats.value.size > 0 },
  {
    text: "Accept the chat as the agent",
    panel: "console",
    isDone: () => [...chats.value.values()].some(({ agent, state }) => agent !== null && state !== "QUEUED"),
  },
  {
    text: "Talk, both ways",
    panel: "phone",
    isDone: () => arrivedEver.value.phone && arrivedEver.value.screen,
  },
  { text: "Click a message's time to follow it", panel: "phone", isDone: () => hasFollowed.value },
  {
    text: "Break something, watch it heal",
    panel: "faults",
    isDone: () => conditions.value?.incidents.some(({ healedAt }) => healedAt !== null) === true,
  },
  {
    text: "End the chat: the bot has the user again",
    panel: "console",
    isDone: () => [...chats.value.values()].some(({ state }) => state === "ENDED"),
  },
];

const done = computed(() => STEPS.map(({ isDone }) => isDone()));

/** The steps, unless the visitor has put them away. */
export function Steps(): JSX.Element | null {
  if (!showsSteps.value) return null;
  const next = done.value.indexOf(false);
  return (
    <ol class="steps" aria-label="Guide">
      {STEPS.map(({ text, panel: where }, place) => (
        <li key={text} data-done={done.value[place]} aria-current={place === next ? "step" : undefined}>
          <button type="button" class="plain" onClick={() => (panel.value = where)}>
            <span class="mark">{done.value[place] === true ? <Icon name="check" /> : place + 1}</span>
            {text}
            {done.value[place] === true && <span class="unseen">, done</span>}
          </button>
        </li>
      ))}
    </ol>
  );
}

// One chat on the agent's screen: what was said, files at the case, and what the agent can do.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { Agent, DeskChat, ScreenLine } from "../../protocol.ts";
import { act } from "../api.ts";
import { Icon } from "../icons.tsx";
import { follow } from "../state/view.ts";
import { agents, arrivalOf, files, screenOf } from "../state/world.ts";
import { clockTime, duration, size } from "../words.ts";

const DRAWN_LINES = 80;
const STOPS_TYPING_AFTER_MS = 2_000;
const CANNED = [
  "Buenos días, ¿en qué puedo ayudarle?",
  "Un momento, por favor, lo reviso.",
  "¿Me puede enviar una foto?",
  "Listo. ¿Algo más?",
];
/** How the service opens what the bot and the user said before. */
const CONTEXT = "Contexto:";

interface ChatProps {
  readonly chat: DeskChat;
  readonly agent: Agent;
}

/** The chat. */
export function Chat({ chat, agent }: ChatProps): JSX.Element {
  const lines = screenOf(chat.id).value.slice(-DRAWN_LINES);
  const list = useRef<HTMLDivElement>(null);
  const last = lines.at(-1)?.n;
  useLayoutEffect(() => {
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [last]);
  const isMine = chat.state === "ENGAGED" && chat.agent === agent.id;
  return (
    <div class="chat" data-state={chat.state}>
      <Top chat={chat} isMine={isMine} />
      <div class="screen" ref={list} role="log" aria-label={`Chat with ${chat.name}`} tabIndex={0}>
        <ol>
          {lines.map((line) => (
            <Line key={line.n} line={line} />
          ))}
          {chat.state !== "ENGAGED" && (
            <li class="hint">The chat is over ({chat.endedBy ?? chat.state.toLowerCase()}).</li>
          )}
        </ol>
      </div>
      <CaseFiles caseId={chat.caseId} />
      {isMine && <Reply chat={chat} />}
    </div>
  );
}

function Top({ chat, isMine }: { readonly chat: DeskChat; readonly isMine: boolean }): JSX.Element {
  const path = `/world/live-agent/sessions/${chat.id}`;
  const colleagues = agents.value.filter(({ id, online }) => id !== chat.agent && online);
  return (
    <div class="chat-top">
      <div>
        <strong>{chat.name}</strong>
        <small class="soft">{chat.caseId === null ? "no case" : `case ${chat.caseId}`}</small>
        {chat.violations.length > 0 && <small class="bad">{chat.violations.join("; ")}</small>}
      </div>
      {isMine && (
        <div class="acts">
          {colleagues.map(({ id, name }) => (
            <button key={id} type="button" onClick={() => act("POST", `${path}/transfer`, { agentId: id })}>
              To {name.split(" ")[0]}
            </button>
          ))}
          <button type="button" class="danger" onClick={() => act("POST", `${path}/end`)}>
            End
          </button>
        </div>
      )}
    </div>
  );
}

function Line({ line }: { readonly line: ScreenLine }): JSX.Element {
  const { from, text, at } = line;
  if (text.startsWith(CONTEXT)) {
    return (
      <li class="context">
        <strong>Said before</strong>
        <span class="words">
          {text
            .slice(CONTEXT.length)
            .replaceAll(/\n{2,}/g, "\n")
            .trim()}
        </span>
      </li>
    );
  }
  return (
    <li class="bubble" data-from={from}>
      <span class="unseen">{from === "agent" ? "Agent" : "User"}: </span>
      <span class="words">{text}</span>
      {from === "agent" ? <Said line={line} /> : <span class="meta">{clockTime(at)}</span>}
    </li>
  );
}

function Said({ line }: { readonly line: ScreenLine }): JSX.Element {
  const ms = arrivalOf("screen", line.n);
  return (
    <button
      type="button"
      class="meta follow"
      onClick={() => line.trace !== null && follow(line.trace)}
      title="Follow this message"
    >
      {clockTime(line.at)}
      <span class="ticks" data-arrived={ms !== undefined} aria-hidden="true">
        {ms === undefined ? "✓" : "✓✓"}
      </span>
      {ms !== undefined && <span class="took">{duration(ms)}</span>}
      <span class="unseen">{ms === undefined ? ", sent" : " to the phone"}. Follow this message.</span>
    </button>
  );
}

function CaseFiles({ caseId }: { readonly caseId: string | null }): JSX.Element | null {
  const own = files.value.filter((file) => file.caseId === caseId);
  if (own.length === 0) return null;
  return (
    <ul class="case-files" aria-label="Files at the case">
      {own.map(({ id, url, title, mimeType, bytes }) => (
        <li key={id}>
          <a href={url} target="_blank" rel="noreferrer">
            {mimeType.startsWith("image/") ? <img src={url} alt="" /> : <Icon name="file" />}
            <span>
              {title} <small class="soft">{size(bytes)}</small>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Reply({ chat }: { readonly chat: DeskChat }): JSX.Element {
  const text = useSignal("");
  const stopTyping = useRef<ReturnType<typeof setTimeout>>(undefined);
  const path = `/world/live-agent/sessions/${chat.id}`;
  const endTyping = (): void => {
    if (stopTyping.current === undefined) return;
    clearTimeout(stopTyping.current);
    stopTyping.current = undefined;
    act("POST", `${path}/typing`, { isTyping: false });
  };
  useEffect(() => () => clearTimeout(stopTyping.current), []);
  const typed = (words: string): void => {
    text.value = words;
    if (stopTyping.current === undefined) act("POST", `${path}/typing`, { isTyping: true });
    clearTimeout(stopTyping.current);
    stopTyping.current = setTimeout(endTyping, STOPS_TYPING_AFTER_MS);
  };
  const say = (words: string): void => {
    if (words.trim() === "") return;
    endTyping();
    act("POST", `${path}/say`, { text: words });
  };
  return (
    <div class="composer">
      <div class="ready-words">
        {CANNED.map((words) => (
          <button key={words} type="button" class="chip" onClick={() => say(words)}>
            {words}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          say(text.value);
          text.value = "";
        }}
      >
        <input
          aria-label={`Answer to ${chat.name}`}
          placeholder="Answer"
          autocomplete="off"
          value={text.value}
          onInput={({ currentTarget }) => typed(currentTarget.value)}
        />
        <button type="submit" class="round" aria-label="Send answer">
          <Icon name="send" />
        </button>
      </form>
    </div>
  );
}

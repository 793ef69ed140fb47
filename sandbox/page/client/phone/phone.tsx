// The phone in the visitor's hand: the look of its channel, what was said, and what can be said.
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { PhoneLine, User } from "../../protocol.ts";
import { follow } from "../state/view.ts";
import { arrivalOf, phoneOf } from "../state/world.ts";
import { clockTime, duration } from "../words.ts";
import { Composer } from "./composer.tsx";

/** Older lines are not drawn: nobody reads them here. */
const DRAWN_LINES = 80;

/** The phone of a user. */
export function Phone({ user }: { readonly user: User }): JSX.Element {
  const lines = phoneOf(user.id).value.slice(-DRAWN_LINES);
  const end = useRef<HTMLDivElement>(null);
  const last = lines.at(-1)?.n;
  useLayoutEffect(() => {
    const list = end.current;
    if (list !== null) list.scrollTop = list.scrollHeight;
  }, [last]);
  return (
    <div class="phone" data-channel={user.channel}>
      <div class="phone-top">
        <span class="avatar" aria-hidden="true">
          S
        </span>
        <div>
          <strong>Sandbox Store</strong>
          <small>{user.channel === "whatsapp" ? "WhatsApp business account" : "Messenger"}</small>
        </div>
      </div>
      <div class="phone-lines" ref={end} role="log" aria-label={`Messages on ${user.name}'s phone`} tabIndex={0}>
        <ol>
          {lines.length === 0 && <li class="hint">Nothing yet. Say hello, or ask for a human with “Ayuda”.</li>}
          {lines.map((line) => (
            <Bubble key={line.n} line={line} />
          ))}
        </ol>
      </div>
      <Composer user={user} />
    </div>
  );
}

const WHO: Readonly<Record<PhoneLine["from"], string>> = { user: "You", bot: "Bot", service: "Agent or notice" };

function Bubble({ line }: { readonly line: PhoneLine }): JSX.Element {
  const { from, text, file, at } = line;
  return (
    <li class="bubble" data-from={from}>
      <span class="unseen">{WHO[from]}: </span>
      {file !== null && <Attachment file={file} />}
      {text !== "" && <span class="words">{text}</span>}
      {from === "user" ? (
        <Sent line={line} />
      ) : (
        <span class="meta">
          {from === "bot" ? "bot · " : ""}
          {clockTime(at)}
        </span>
      )}
    </li>
  );
}

/** When it was sent, and how long it took to the agent's screen; a click follows it. */
function Sent({ line }: { readonly line: PhoneLine }): JSX.Element {
  const ms = arrivalOf("phone", line.n);
  return (
    <button type="button" class="meta follow" onClick={() => follow(line.id)} title="Follow this message">
      {clockTime(line.at)}
      <span class="ticks" data-arrived={ms !== undefined} aria-hidden="true">
        {ms === undefined ? "✓" : "✓✓"}
      </span>
      {ms !== undefined && <span class="took">{duration(ms)}</span>}
      <span class="unseen">{ms === undefined ? ", sent" : " to the agent"}. Follow this message.</span>
    </button>
  );
}

function Attachment({ file }: { readonly file: NonNullable<PhoneLine["file"]> }): JSX.Element {
  const { url, mimeType, type } = file;
  if (url === null || !mimeType.startsWith("image/")) return <span class="attachment">{type}</span>;
  return <img class="picture" src={url} alt="Picture that was sent" />;
}

// Where the user types, picks a ready word, or sends a file.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { User } from "../../protocol.ts";
import { act } from "../api.ts";
import { Icon } from "../icons.tsx";
import { base64Of, invoice, photo } from "./sample-files.ts";

const READY_WORDS = ["Hola", "Ayuda", "Gracias"];

/** The lower end of the phone. */
export function Composer({ user }: { readonly user: User }): JSX.Element {
  const text = useSignal("");
  const hasFiles = useSignal(false);
  const say = (words: string): void => {
    if (words.trim() === "") return;
    act("POST", `/world/phones/${user.id}/messages`, { text: words });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    say(text.value);
    text.value = "";
  };
  const send = async (file: File): Promise<void> => {
    hasFiles.value = false;
    const base64 = await base64Of(file);
    act("POST", `/users/${user.id}/files`, { name: file.name, mimeType: file.type, base64, caption: text.value });
    text.value = "";
  };
  return (
    <div class="composer">
      {hasFiles.value ? (
        <Files onFile={(file) => void send(file)} />
      ) : (
        <div class="ready-words">
          {READY_WORDS.map((word) => (
            <button key={word} type="button" class="chip" onClick={() => say(word)}>
              {word}
            </button>
          ))}
        </div>
      )}
      <form onSubmit={submit}>
        <button
          type="button"
          class="plain square"
          aria-label="Send a file"
          aria-expanded={hasFiles.value}
          onClick={() => (hasFiles.value = !hasFiles.value)}
        >
          <Icon name="clip" />
        </button>
        <input
          aria-label={`Message of ${user.name}`}
          placeholder="Message"
          autocomplete="off"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <button type="submit" class="round" aria-label="Send">
          <Icon name="send" />
        </button>
      </form>
    </div>
  );
}

function Files({ onFile }: { readonly onFile: (file: File) => void }): JSX.Element {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <div class="ready-words">
      <button type="button" class="chip" onClick={() => void photo().then(onFile)}>
        A photo
      </button>
      <button type="button" class="chip" onClick={() => onFile(invoice())}>
        An invoice (PDF)
      </button>
      <button type="button" class="chip" onClick={() => chooser.current?.click()}>
        From this computer …
      </button>
      <input
        ref={chooser}
        class="unseen"
        type="file"
        tabIndex={-1}
        aria-label="File from this computer"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) onFile(file);
        }}
      />
    </div>
  );
}

// The header: what this is, how the texts between users and agents fare, light and dark.
import type { JSX } from "preact";

import { Icon, type IconName } from "./icons.tsx";
import { nextTheme, theme, type Theme } from "./state/theme.ts";
import { showsSteps } from "./state/view.ts";
import { connection, tally } from "./state/world.ts";
import { duration, grouped } from "./words.ts";

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { system: "auto", light: "sun", dark: "moon" };

/** The header. */
export function Header(): JSX.Element {
  return (
    <header class="header">
      <h1>
        salesforce-integration <span class="soft">sandbox</span>
      </h1>
      <Connection />
      <Texts />
      <button type="button" class="plain" aria-pressed={showsSteps.value} onClick={toggleSteps}>
        Guide
      </button>
      <button type="button" class="plain square" aria-label={`Theme: ${theme.value}`} onClick={nextTheme}>
        <Icon name={THEME_ICONS[theme.value]} />
      </button>
    </header>
  );
}

function toggleSteps(): void {
  showsSteps.value = !showsSteps.value;
}

function Connection(): JSX.Element {
  const words = { connecting: "connecting", live: "live", lost: "connection lost" };
  return (
    <span class="connection" data-state={connection.value}>
      {words[connection.value]}
    </span>
  );
}

/** Counted outside the service: what was typed on one side and what was seen on the other. */
function Texts(): JSX.Element | null {
  const texts = tally.value;
  if (texts === null) return null;
  const onTheirWay = texts.sent - texts.arrived - texts.refused - texts.lost;
  return (
    <dl class="texts" aria-label="Texts between users and agents, counted outside the service">
      <Count name="sent" value={grouped(texts.sent)} />
      <Count name="arrived" value={grouped(texts.arrived)} />
      <Count name="on the way" value={grouped(onTheirWay)} />
      {texts.refused > 0 && <Count name="refused" value={grouped(texts.refused)} />}
      <Count name="lost" value={grouped(texts.lost)} isBad={texts.lost > 0} />
      <Count name="doubled" value={grouped(texts.doubled)} isBad={texts.doubled > 0} />
      <Count name="out of order" value={grouped(texts.reordered)} isBad={texts.reordered > 0} />
      <Count name="median" value={texts.medianMs === null ? "–" : duration(texts.medianMs)} />
    </dl>
  );
}

interface CountProps {
  readonly name: string;
  readonly value: string;
  readonly isBad?: boolean;
}

function Count({ name, value, isBad = false }: CountProps): JSX.Element {
  return (
    <div data-bad={isBad} data-count={name}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

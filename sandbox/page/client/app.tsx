// The page's frame: header, the panels, what a narrow screen shows of them, and notices.
import type { ComponentChildren, JSX } from "preact";

import { Console } from "./console/console.tsx";
import { Faults } from "./faults/faults.tsx";
import { Flow } from "./flow.tsx";
import { Header } from "./header.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { PhonePanel } from "./phone/phone-panel.tsx";
import { notice, panel, type Panel } from "./state/view.ts";
import { connection } from "./state/world.ts";
import { Steps } from "./steps.tsx";

const PANELS: readonly { readonly name: Panel; readonly label: string; readonly icon: IconName }[] = [
  { name: "phone", label: "Phone", icon: "phone" },
  { name: "console", label: "Agent", icon: "headset" },
  { name: "flow", label: "Records", icon: "flow" },
  { name: "faults", label: "Break it", icon: "bolt" },
];

/** Everything. */
export function App(): JSX.Element {
  return (
    <>
      <Header />
      <Steps />
      <main class="panels" data-panel={panel.value}>
        <Region name="phone" label="The user's phone">
          <PhonePanel />
        </Region>
        <Region name="console" label="The agent's console">
          <Console />
        </Region>
        <Region name="flow" label="Records on the topics">
          <Flow />
        </Region>
        <Region name="faults" label="Faults and instances">
          <Faults />
        </Region>
      </main>
      <Navigation />
      <Notices />
    </>
  );
}

interface RegionProps {
  readonly name: Panel;
  readonly label: string;
  readonly children: ComponentChildren;
}

function Region({ name, label, children }: RegionProps): JSX.Element {
  return (
    <section class={`panel panel-${name}`} aria-label={label} data-current={panel.value === name}>
      {children}
    </section>
  );
}

function Navigation(): JSX.Element {
  return (
    <nav class="navigation" aria-label="Panels">
      {PANELS.map(({ name, label, icon }) => (
        <button
          key={name}
          type="button"
          aria-current={panel.value === name ? "page" : undefined}
          onClick={() => (panel.value = name)}
        >
          <Icon name={icon} />
          {label}
        </button>
      ))}
    </nav>
  );
}

function Notices(): JSX.Element {
  const lost = connection.value === "lost" ? "The sandbox does not answer; connecting again …" : "";
  const text = notice.value || lost;
  return (
    <div class="notices" role="status">
      {text !== "" && (
        <p class="notice">
          {text}
          {notice.value !== "" && (
            <button type="button" class="plain" aria-label="Dismiss" onClick={() => (notice.value = "")}>
              <Icon name="close" />
            </button>
          )}
        </p>
      )}
    </div>
  );
}

// A visitor of the sandbox's page in a real Chromium: opens it in a size and theme, clicks by what is written there, and remembers what the
// browser complained of (errors, refused sources). Used by test/browser.
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { inject } from "vitest";

import { startChromium } from "../../sandbox/browser/chromium.ts";

/** Why the browser tests are skipped; empty when they are not. Part of their names. */
export const whySkipped = ((): string => {
  const { chromium } = inject("browserStage");
  return typeof chromium === "string" ? ` (skipped: ${chromium})` : "";
})();

/** How the page is looked at. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
}

/** A person at the page. */
export interface Visitor {
  readonly page: Page;
  /** What the browser said against the page: errors, refused sources. */
  readonly complaints: readonly string[];
  /** Makes a phone for a user of this name, and takes it into the hand. */
  newPhone(name: string, channel?: "WhatsApp" | "Facebook"): Promise<void>;
  holdPhone(name: string): Promise<void>;
  /** Types on the phone and sends. */
  write(text: string): Promise<void>;
  /** As the agent in the chair: takes the chat that rings. */
  accept(name: string): Promise<void>;
  answer(text: string): Promise<void>;
  /** Bubbles on the phone, and on the agent's screen, that have this text. */
  onPhone(text: string): Locator;
  onScreen(text: string): Locator;
  /** Words in the bubbles, in order. */
  phoneTexts(): Promise<string[]>;
  screenTexts(): Promise<string[]>;
  switchFault(name: string): Promise<void>;
  /** The newest entry of the log about a fault. */
  incident(name: string): Locator;
  /** A number of the header's counts. */
  counted(name: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts the browser of a test file. */
export function openBrowser(): Promise<Browser> {
  const { chromium } = inject("browserStage");
  if (typeof chromium === "string") throw new Error(chromium);
  return startChromium(chromium);
}

/** Opens the page. */
export async function visit(
  browser: Browser,
  { width = 1440, height = 900, theme = "light" }: Look = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.text()} (${message.location().url})`);
  });
  await page.goto(inject("browserStage").pageUrl);
  await page.locator(".connection[data-state=live]").waitFor({ state: "attached" });
  return visitor(context, page, complaints);
}

function visitor(context: BrowserContext, page: Page, complaints: readonly string[]): Visitor {
  const words = (list: string) => (): Promise<string[]> => page.locator(`${list} .bubble .words`).allInnerTexts();
  return {
    page,
    complaints,
    async newPhone(name, channel = "WhatsApp") {
      await page.getByRole("button", { name: "New phone" }).click();
      await page.getByLabel("Name of the new user").fill(name);
      await page.getByRole("button", { name: channel, exact: true }).click();
      await page.getByRole("button", { name: `${name}, ${channel.toLowerCase()}`, pressed: true }).waitFor();
    },
    async holdPhone(name) {
      await page.getByRole("group", { name: "Whose phone" }).getByRole("button", { name }).click();
    },
    async write(text) {
      await page.getByLabel(/^Message of /).fill(text);
      await page.getByRole("button", { name: "Send", exact: true }).click();
    },
    async accept(name) {
      await page.getByRole("button", { name: `Accept ${name}` }).click({ timeout: 60_000 });
      await page.getByLabel(`Answer to ${name}`).waitFor();
    },
    async answer(text) {
      await page.getByLabel(/^Answer to /).fill(text);
      await page.getByRole("button", { name: "Send answer" }).click();
    },
    onPhone: (text) => page.locator(".phone .bubble", { hasText: text }),
    onScreen: (text) => page.locator(".screen .bubble", { hasText: text }),
    phoneTexts: words(".phone"),
    screenTexts: words(".screen"),
    switchFault: (name) => page.locator(`[data-fault="${name}"] button`).first().click(),
    incident: (name) => page.locator(`.incidents li[data-fault="${name}"]`).first(),
    async counted(name) {
      return Number(await page.locator(`[data-count="${name}"] dd`).innerText());
    },
    close: () => context.close(),
  };
}

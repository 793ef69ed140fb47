// The command `npm run screenshots`: plays a conversation on the page of a sandbox of its own, breaks something, and writes docs/images/:
// light, dark and a phone's width.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";

import { startSandbox } from "../instance/sandbox.ts";
import { findChromium, startChromium } from "./chromium.ts";

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const STEP_MS = 60_000;
/** Long enough for some calls to fail. */
const OUTAGE_MS = 1_500;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Opens the page as it looks in a theme and size. */
async function open(browser: Browser, url: string, theme: "light" | "dark", size: typeof DESK): Promise<Page> {
  const context = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    deviceScaleFactor: 1.5,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  await page.goto(url);
  await page.locator(".connection[data-state=live]").waitFor({ state: "attached" });
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  print(`docs/images/${name}.png`);
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Message of /).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

async function answer(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Answer to /).fill(text);
  await page.getByRole("button", { name: "Send answer" }).click();
  await page.locator(".phone .bubble", { hasText: text }).waitFor();
}

/** A chat that is under way, with a file; the agent has a second user waiting. */
async function converse(page: Page): Promise<void> {
  await write(page, "Hola");
  await page.locator(".phone .bubble", { hasText: "soy el bot" }).waitFor();
  await write(page, "Mi pedido 4711 no ha llegado");
  await page.locator(".phone .bubble", { hasText: "Te escucho" }).waitFor();
  await page.getByRole("button", { name: "Ayuda", exact: true }).click();
  await page.getByRole("button", { name: /^Accept/ }).click();
  await answer(page, "Buenos días, Sofía. ¿Me puede enviar una foto de lo que recibió?");
  await page.getByRole("button", { name: "Send a file" }).click();
  await page.getByRole("button", { name: "A photo" }).click();
  await page.getByRole("list", { name: "Files at the case" }).waitFor();
  await write(page, "Es esta caja, pero no es mi pedido");
  await page.locator(".phone .took").last().waitFor();
  await answer(page, "Gracias, ya lo veo. El suyo sale mañana.");
}

/** Broken, and healed; then a second instance, which takes its share of the partitions. */
async function breakIt(page: Page): Promise<void> {
  await page.locator('[data-fault="salesforce-503"] button').click();
  await write(page, "¿A qué hora llega?");
  await page.waitForTimeout(OUTAGE_MS);
  await page.locator('[data-fault="salesforce-503"] button').click();
  await page.locator(".screen .bubble", { hasText: "¿A qué hora llega?" }).waitFor();
  await answer(page, "Entre las nueve y las once");
  await page.locator('.incidents [data-healed="true"]').waitFor();
  await page.getByRole("button", { name: "Add an instance" }).click();
  await page.locator('.instances [data-owner="2"][data-state="ready"]').waitFor();
}

const found = await findChromium(process.env);
if (typeof found === "string") throw new Error(found);
await mkdir(FOLDER, { recursive: true });
const sandbox = await startSandbox({ say: print, env: process.env, signal: new AbortController().signal });
const browser = await startChromium(found);
try {
  const url = sandbox.addresses.page;
  const page = await open(browser, url, "light", DESK);
  await converse(page);
  await breakIt(page);
  await page
    .locator(".phone .follow", { has: page.locator(".took") })
    .last()
    .click();
  await page.locator(".hop-place", { hasText: "chat-events" }).waitFor();
  await shoot(page, "sandbox-light");
  const dark = await open(browser, url, "dark", DESK);
  await write(dark, "Perfecto, muchas gracias");
  await dark.locator(".screen .bubble", { hasText: "Perfecto" }).waitFor();
  await shoot(dark, "sandbox-dark");
  const phone = await open(browser, url, "light", PHONE);
  await phone.locator(".phone .bubble").last().waitFor();
  await shoot(phone, "sandbox-phone");
} finally {
  await browser.close();
  await sandbox.stop();
}

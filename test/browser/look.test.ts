// The page's looks, in a real Chromium: both widths and both themes with a chat open, without anything that axe calls serious, without a
// sideways scroll; by keyboard alone; and what it may load and who may call it.
import { request } from "node:http";

import axe, { type AxeResults } from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { openBrowser, visit, whySkipped, type Visitor } from "../support/visitor.ts";

const state: { browser: Browser | undefined } = { browser: undefined };
const browser = (): Browser => {
  if (state.browser === undefined) throw new Error("no browser");
  return state.browser;
};
const sizes = [
  { name: "a desk", width: 1440, height: 900 },
  { name: "a small laptop", width: 1024, height: 768 },
  { name: "a phone", width: 390, height: 844 },
] as const;
const themes = ["light", "dark"] as const;
const looks = sizes.flatMap((size) => themes.map((theme) => ({ ...size, theme })));

/** What axe calls serious or critical, as `rule: where`. */
async function findings({ page }: Visitor): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>("axe.run()");
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary ?? ""}`),
    );
}

describe.skipIf(whySkipped !== "")(`the look of the sandbox's page${whySkipped}`, () => {
  beforeAll(async () => {
    state.browser = await openBrowser();
    const visitor = await visit(browser());
    await visitor.newPhone("Vera Luna");
    await visitor.write("Ayuda");
    await visitor.accept("Vera Luna");
    await visitor.answer("Hola, Vera");
    await visitor.onPhone("Hola, Vera").waitFor();
    await visitor.write("Hola");
    await visitor.onPhone("Hola").locator(".took").waitFor();
    await visitor.close();
  });
  afterAll(async () => {
    await state.browser?.close();
  });

  it.each(looks)("has nothing serious on $name in $theme", async ({ width, height, theme }) => {
    const visitor = await visit(browser(), { width, height, theme });
    const { page } = visitor;
    const isNarrow = width < 700;
    for (const panel of isNarrow ? ["Phone", "Agent", "Records", "Break it"] : [""]) {
      if (panel !== "") await page.getByRole("navigation").getByRole("button", { name: panel }).click();
      if (panel === "" || panel === "Phone") await visitor.holdPhone("Vera Luna");
      if (panel === "" || panel === "Records") {
        await page.getByRole("listbox", { name: /^Records/ }).focus();
        await page.keyboard.press("ArrowUp");
        await page.locator(".detail pre", { hasText: "partition" }).waitFor();
      }
      expect(await findings(visitor), panel).toEqual([]);
      const overhang = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overhang, `${panel} scrolls sideways`).toBe(0);
    }
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  it("is used by keyboard alone: a new phone, a question, an accepted chat, an answer, a record", async () => {
    const visitor = await visit(browser());
    const { page } = visitor;
    const press = async (name: string | RegExp, key = "Enter"): Promise<void> => {
      await page
        .getByRole("button", { name, exact: typeof name === "string" })
        .first()
        .focus();
      await page.keyboard.press(key);
    };
    await press("New phone");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Teo Teclas");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByLabel("Message of Teo Teclas").focus();
    await page.keyboard.type("Ayuda");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Accept Teo Teclas" }).waitFor({ timeout: 60_000 });
    await press("Accept Teo Teclas", "Space");
    await page.getByLabel("Answer to Teo Teclas").focus();
    await page.keyboard.type("Hola, Teo");
    await page.keyboard.press("Enter");
    await visitor.onPhone("Hola, Teo").waitFor();
    await page.getByRole("listbox", { name: /^Records/ }).focus();
    await page.keyboard.press("ArrowUp");
    await page.locator(".detail pre", { hasText: "partition" }).waitFor();
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  it("loads nothing but its own files, and answers no other host or page", async () => {
    const { pageUrl } = inject("browserStage");
    const answer = await fetch(pageUrl);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    // Not by fetch, which names no other host.
    const asked = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request(`${pageUrl}/api`, { headers }, (reply) => resolve(reply.resume().statusCode));
        call.once("error", reject).end();
      });
    expect(await asked({})).toBe(200);
    expect(await asked({ origin: "https://example.org" })).toBe(403);
    expect(await asked({ host: "evil.example" })).toBe(403);
    expect(await asked({ origin: pageUrl })).toBe(200);

    const context = await browser().newContext();
    const page = await context.newPage();
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await page.goto(pageUrl);
    await page.locator(".connection[data-state=live]").waitFor();
    expect([...hosts].filter((host) => host !== new URL(pageUrl).host && host !== "")).toEqual([]);
    await context.close();
  });
});

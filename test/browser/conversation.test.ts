// The page by clicks, in a real Chromium: a whole conversation from the bot to the agent and back, a file, a message followed through
// everything, the river's records, two users at once, a transfer.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { eventually } from "../support/eventually.ts";
import { openBrowser, visit, whySkipped } from "../support/visitor.ts";

const state: { browser: Browser | undefined } = { browser: undefined };
const browser = (): Browser => {
  if (state.browser === undefined) throw new Error("no browser");
  return state.browser;
};

describe.skipIf(whySkipped !== "")(`the sandbox's page${whySkipped}`, () => {
  beforeAll(async () => {
    state.browser = await openBrowser();
  });
  afterAll(async () => {
    await state.browser?.close();
  });

  it("carries a conversation from the bot to an agent and back, by clicks", async () => {
    const visitor = await visit(browser());
    const { page } = visitor;
    await visitor.newPhone("Clara Ibáñez");
    await visitor.write("Hola");
    await visitor.onPhone("soy el bot").waitFor();
    await visitor.write("Ayuda");
    await page.getByText("Waits for an agent; the bot is silent.").waitFor({ timeout: 60_000 });
    await visitor.accept("Clara Ibáñez");

    await page.locator(".context", { hasText: "Hola" }).waitFor();
    await visitor.answer("Buenos días, Clara");
    await visitor.onPhone("Buenos días, Clara").waitFor();
    await visitor.write("Mi pedido no llega");
    await visitor.onScreen("Mi pedido no llega").waitFor();
    expect(await page.getByText("Carmen Vega has the user; the bot is silent.").count()).toBe(1);
    await visitor.onPhone("Mi pedido no llega").locator(".took").waitFor();

    await page.getByRole("button", { name: "End", exact: true }).click();
    await visitor.onPhone("Estás de vuelta con el bot, en el estado from-sf-success.").waitFor();
    await visitor.write("Gracias, bot");
    await page.getByText("The bot has the user.").waitFor();
    expect(await visitor.onScreen("Gracias, bot").count()).toBe(0);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  it("shows a file of the user at the agent's case, and follows a message through everything", async () => {
    const visitor = await visit(browser());
    const { page } = visitor;
    await visitor.newPhone("Rosa Gil");
    await visitor.write("Ayuda");
    await visitor.accept("Rosa Gil");
    await page.getByRole("button", { name: "Send a file" }).click();
    await page.getByRole("button", { name: "A photo" }).click();
    const picture = page.getByRole("list", { name: "Files at the case" }).locator("img");
    await picture.waitFor();
    await eventually("the picture is drawn", () =>
      picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth === 480),
    );

    await visitor.write("¿La ve?");
    await visitor.onPhone("¿La ve?").locator(".took").waitFor();
    await visitor.onPhone("¿La ve?").getByRole("button", { name: "Follow this message" }).click();
    const places = page.locator(".hop-place");
    const way = [
      "phone",
      "webhook",
      "channel-messages",
      "interconnections",
      "salesforce",
      "console",
      "agent-events",
      "chat-events",
    ];
    await eventually(
      "the whole way is known",
      async () => {
        const seen = await places.allInnerTexts();
        return way.every((place) => seen.includes(place));
      },
      { why: () => places.allInnerTexts() },
    );
    await page.getByRole("button", { name: "Open the record on channel-messages" }).click();
    await page.locator(".detail pre", { hasText: "¿La ve?" }).waitFor();
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  it("keeps two users apart who talk at once, hands one to a colleague, and filters the river by user", async () => {
    const visitor = await visit(browser());
    const { page } = visitor;
    await visitor.newPhone("Uno Primero");
    await visitor.write("Ayuda");
    await visitor.newPhone("Dos Segunda", "Facebook");
    await visitor.write("Ayuda");
    await visitor.accept("Uno Primero");
    await visitor.accept("Dos Segunda");
    await visitor.answer("Para Dos");
    await visitor.onPhone("Para Dos").waitFor();
    await visitor.write("De Dos");
    await visitor.onScreen("De Dos").waitFor();

    await visitor.holdPhone("Uno Primero");
    await visitor.write("De Uno");
    await page.getByRole("list", { name: "Chats", exact: true }).getByRole("button", { name: "Uno Primero" }).click();
    await visitor.onScreen("De Uno").waitFor();
    expect(await visitor.onScreen("De Dos").count()).toBe(0);
    expect(await visitor.onPhone("Para Dos").count()).toBe(0);

    await page.getByRole("button", { name: "To Diego" }).click();
    await page.getByRole("button", { name: "Diego Ruiz", exact: true }).click();
    await visitor.answer("Soy Diego");
    await visitor.onPhone("Soy Diego").waitFor();

    await page.getByLabel("Whose records").selectOption({ label: "Uno Primero" });
    const lines = page.getByRole("option").filter({ has: page.locator(".row-user") });
    await eventually("only one user's records", async () => {
      const users = new Set(await lines.locator(".row-user").allInnerTexts());
      return users.size === 1;
    });
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });
});

// The river of records, in a real Chromium, by keyboard, by scrolling and held: what is chosen is to be seen, and what is held stands still
// however much flows meanwhile.
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";

import { eventually } from "../support/eventually.ts";
import { openBrowser, visit, whySkipped, type Visitor } from "../support/visitor.ts";

const state: { browser: Browser | undefined; visitor: Visitor | undefined } = {
  browser: undefined,
  visitor: undefined,
};
const visitor = (): Visitor => {
  if (state.visitor === undefined) throw new Error("nobody is there");
  return state.visitor;
};
const rows = (): Locator => visitor().page.getByRole("listbox", { name: /^Records/ });
const button = (name: string): Locator => visitor().page.getByRole("button", { name, exact: true });

async function crowd(method: "POST" | "DELETE"): Promise<void> {
  const { pageUrl } = inject("browserStage");
  const body = method === "POST" ? { body: JSON.stringify({ users: 20, perSecond: 60, seconds: 120 }) } : {};
  const answer = await fetch(`${pageUrl}/api/crowd`, { method, ...body });
  expect(answer.ok).toBe(true);
}

/** What is drawn, in order, as far as it can be seen. */
function seen(): Promise<string[]> {
  return rows().evaluate((box) => {
    const element = box as unknown as { readonly getBoundingClientRect: () => { top: number; bottom: number } };
    const { top, bottom } = element.getBoundingClientRect();
    const all = [
      ...(
        box as unknown as { querySelectorAll: (by: string) => Iterable<typeof element & { readonly id: string }> }
      ).querySelectorAll("[role=option]"),
    ];
    return all
      .filter((row) => row.getBoundingClientRect().top >= top - 1 && row.getBoundingClientRect().bottom <= bottom + 1)
      .map(({ id }) => id);
  });
}

describe.skipIf(whySkipped !== "")(`the river of the sandbox's page${whySkipped}`, () => {
  beforeAll(async () => {
    state.browser = await openBrowser();
    await crowd("POST");
  });
  beforeEach(async () => {
    await state.visitor?.close();
    if (state.browser === undefined) throw new Error("no browser");
    state.visitor = await visit(state.browser);
    await eventually("more rows than fit", async () => (await seen()).length > 8);
  });
  afterAll(async () => {
    if (whySkipped === "") await crowd("DELETE");
    await state.visitor?.close();
    await state.browser?.close();
  });

  it("shows what the arrow keys choose, further than what was drawn", async () => {
    const count = (await seen()).length;
    await rows().focus();
    for (let presses = 0; presses < count * 2 + 20; presses += 1) await visitor().page.keyboard.press("ArrowUp");
    const chosen = (await rows().getAttribute("aria-activedescendant")) ?? "";
    expect(chosen).not.toBe("");
    await eventually("the chosen row is to be seen", async () => (await seen()).includes(chosen), { why: seen });
    await visitor().page.locator(".detail pre", { hasText: "partition" }).waitFor();
  });

  it("stands still once somebody scrolls, by whatever means, until it is let flow", async () => {
    await button("Hold").waitFor();
    await rows().evaluate((box) => {
      (box as unknown as { scrollTop: number }).scrollTop -= 200;
    });
    await button("Let flow").waitFor();
    const before = await seen();
    const first = before[0] ?? "";
    const untilMs = performance.now() + 1_500;
    await eventually("a while", async () => {
      expect((await seen())[0]).toBe(first);
      return performance.now() > untilMs;
    });
    await button("Let flow").click();
    await eventually("it flows", async () => !(await seen()).includes(first));
  });

  it("stands still when what is held has long left the newest 3,000", async () => {
    await button("Hold").click();
    const before = await seen();
    const last = (before.at(-1) ?? "").replace("record-", "");
    await eventually(
      "the record is kept no longer",
      async () => (await fetch(`${inject("browserStage").pageUrl}/api/records/${last}`)).status === 404,
      { timeoutMs: 90_000 },
    );
    // The page's own list is as long as the server's.
    await eventually(
      "a beat more",
      async () => (await visitor().page.locator(".connection[data-state=live]").count()) === 1,
    );
    expect(await seen()).toEqual(before);
  }, 120_000);

  it("tells by name of new messages and of chats that ring", async () => {
    const { page } = visitor();
    await visitor().newPhone("Iris Voz");
    await visitor().write("Ayuda");
    await page.getByRole("status").filter({ hasText: "Iris Voz waits for an agent" }).waitFor({ state: "attached" });
    await visitor().accept("Iris Voz");
    await visitor().answer("Hola, Iris");
    const phone = page.getByRole("log", { name: "Messages on Iris Voz's phone" });
    await phone.getByText("Hola, Iris").waitFor();
    await page.getByRole("log", { name: "Chat with Iris Voz" }).getByText("Hola, Iris").waitFor();
    expect(visitor().complaints).toEqual([]);
  });
});

// Owns light and dark: as the visitor's system has it until they choose. Called by main.tsx and the header.
import { effect, signal } from "@preact/signals";

/** What the visitor chose. */
export type Theme = "system" | "light" | "dark";

const KEY = "sandbox-theme";
const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** The choice, kept in the browser. */
export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEY)) ?? "system");

/** Puts the choice onto the document, now and whenever it changes. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    localStorage.setItem(KEY, theme.value);
  });
}

/** The next of system, light, dark. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

// Owns the connection to the sandbox: takes batches as they come and hands them on once per frame, however many there were. A connection
// that was lost comes back by itself and begins with everything. Called by main.tsx.
import type { Batch, Snapshot } from "../../protocol.ts";
import { applyAll, connection, replaceAll } from "./world.ts";

/** A hidden page gets no frames: it takes what came so often. */
const HIDDEN_EVERY_MS = 500;
/** Glow fades, and waiting times go on, also when nothing comes. */
const IDLE_EVERY_MS = 500;

/** Connects, for as long as the page is open. */
export function startStream(): void {
  const source = new EventSource("/api/events");
  let waiting: Batch[] = [];
  let isPlanned = false;
  const flush = (): void => {
    isPlanned = false;
    const batches = waiting;
    waiting = [];
    applyAll(batches, performance.now());
  };
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    if (document.hidden) setTimeout(flush, HIDDEN_EVERY_MS);
    else requestAnimationFrame(flush);
  };
  source.addEventListener("snapshot", ({ data }) => {
    waiting = [];
    connection.value = "live";
    replaceAll(JSON.parse(String(data)) as Snapshot);
  });
  source.addEventListener("batch", ({ data }) => {
    waiting.push(JSON.parse(String(data)) as Batch);
    plan();
  });
  source.addEventListener("error", () => {
    connection.value = "lost";
  });
  setInterval(plan, IDLE_EVERY_MS);
}

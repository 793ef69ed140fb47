// Types of process-identity.mjs, which is plain JavaScript because it runs before Node 24 is there. Imported by the service driver.

/** A process as noted down: its pid and, because pids are reused, when it started. */
export interface NotedProcess {
  readonly pid: number;
  readonly startedAt: string;
}

/** When a process started, as an opaque text to compare; undefined when there is no such process, or only its zombie. */
export function startedAt(pid: number): string | undefined;

/** Whether the process noted down is still running. */
export function isSameProcess(noted: NotedProcess): boolean;

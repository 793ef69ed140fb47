// Owns the question "is this still the process I noted down?": a pid together with the moment it started, because pids are reused.
// Does not signal anything. Called by set-up (plain JavaScript for Node 18+, before dependencies exist) and by the service driver.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process started, as an opaque text that is only good for comparing: clock ticks since boot on Linux (/proc/PID/stat, field 22),
 * the answer of `ps -o lstart=` elsewhere.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process, or only its zombie.
 */
export function startedAt(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? startTicks(pid) : startDate(pid);
}

/** @param {number} pid */
function startTicks(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (error?.code === "ENOENT" || error?.code === "ESRCH") return undefined;
    throw error;
  }
  // The name of the program (field 2) may hold spaces and parentheses: count from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : `ticks:${fields[19]}`;
}

/** @param {number} pid */
function startDate(pid) {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const [status = "Z", ...date] = line.trim().split(/\s+/);
    return status.startsWith("Z") ? undefined : `date:${date.join(" ")}`;
  } catch (error) {
    if (error?.status === 1) return undefined;
    throw error;
  }
}

/**
 * Whether the process noted down as {pid, startedAt} is still running.
 *
 * @param {{ pid: number, startedAt: string }} noted
 */
export function isSameProcess(noted) {
  return startedAt(noted.pid) === noted.startedAt;
}

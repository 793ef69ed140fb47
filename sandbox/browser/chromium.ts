// Owns finding a Chromium and starting it for the browser tests and the screenshots: the one that CHROME_PATH names, an installed Chrome,
// Chromium or Edge, else the one that a package carries, unpacked once into the cache. Nothing is downloaded. Called by tests and
// screenshots.ts.
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { chromium, type Browser } from "playwright-core";

/** A Chromium on this machine. */
export interface Found {
  readonly path: string;
  /** Where it came from, for a person. */
  readonly from: string;
  readonly env: Readonly<Record<string, string>>;
}

const NAMES = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "microsoft-edge", "chrome"];
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];
const CARRIER = "@sparticuz/chromium";

/** The Chromium to use; a sentence that says why there is none. */
export async function findChromium(env: NodeJS.ProcessEnv): Promise<Found | string> {
  const named = env["CHROME_PATH"] ?? "";
  if (named !== "") {
    return existsSync(named) ? { path: named, from: "CHROME_PATH", env: {} } : `CHROME_PATH names no file: ${named}`;
  }
  const onPath = (env["PATH"] ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const installed = [...PLACES, ...onPath].find((path) => existsSync(path));
  if (installed !== undefined) return { path: installed, from: "installed", env: {} };
  if (process.platform === "linux" && process.arch === "x64") return carried(env);
  return "no Chrome, Chromium or Edge is installed; install one, or name it in CHROME_PATH";
}

/** Starts it without a window. */
export function startChromium({ path, env }: Found): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ["--disable-gpu", "--no-first-run", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
    env: { ...Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined)), ...env },
  });
}

/** Unpacks the carried one, its libraries and its fonts, unless that was done before. */
async function carried(env: NodeJS.ProcessEnv): Promise<Found> {
  const folder = dirname(createRequire(import.meta.url).resolve(CARRIER)).replace(/\/build\/.*$/, "");
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version: string };
  const caches = env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const place = join(caches, "salesforce-integration", `chromium-${version}`);
  if (!existsSync(place)) await unpack(join(folder, "bin"), place);
  const variables = { LD_LIBRARY_PATH: join(place, "lib"), FONTCONFIG_FILE: join(place, "fonts.xml") };
  return { path: join(place, "chromium"), from: CARRIER, env: variables };
}

/** Into a folder of its own that takes its place when it is whole: two may unpack at once. */
async function unpack(from: string, place: string): Promise<void> {
  const aside = `${place}.${randomBytes(4).toString("hex")}`;
  await mkdir(aside, { recursive: true });
  try {
    await inflate(join(from, "chromium.br"), join(aside, "chromium"));
    for (const archive of ["al2023.tar", "fonts.tar"]) {
      await inflate(join(from, `${archive}.br`), join(aside, archive));
      await promisify(execFile)("tar", ["-xf", join(aside, archive), "-C", aside]);
      await rm(join(aside, archive));
    }
    await writeFile(join(aside, "fonts.xml"), fontsOf(place));
    await rename(aside, place);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Somebody else was quicker.
    if (!existsSync(place)) throw error;
  }
}

async function inflate(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode: 0o755 }));
}

/** The carried fonts, and those of the machine for what they lack. */
function fontsOf(place: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(place, "fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(place, "fonts-cache")}</cachedir>
</fontconfig>
`;
}

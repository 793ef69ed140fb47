// Owns making the page's assets from their sources: one script, one style sheet, fonts; once per start, in memory. Called by page.ts.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** A file that the page is made of. */
export interface Asset {
  readonly bytes: Uint8Array;
  readonly mimeType: string;
}

const ENTRY = fileURLToPath(new URL("client/main.tsx", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  woff2: "font/woff2",
};

/** Builds them; by their path on the page's server. Takes about a quarter of a second. */
export async function bundlePage(): Promise<ReadonlyMap<string, Asset>> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    entryNames: "page",
    assetNames: "[name]",
    outdir: "/",
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".woff2": "file" },
    logLevel: "silent",
  });
  return new Map(
    outputFiles.map(({ path, contents }) => {
      const name = basename(path);
      const mimeType = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return [`/${name}`, { bytes: contents, mimeType }];
    }),
  );
}

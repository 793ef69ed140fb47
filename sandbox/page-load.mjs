// Owns the command `npm run page-load`: sets up, then hands over to sandbox/browser/page-load-program.ts under Node 24 (the page measured under load).
// Plain JavaScript for Node 18+, because it runs on a bare clone. Nothing calls it but npm.
import { main } from "./setup.mjs";

await main("sandbox/browser/page-load-program.ts", process.argv.slice(2));

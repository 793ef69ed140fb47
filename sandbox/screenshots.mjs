// Owns the command `npm run screenshots`: sets up, then hands over to sandbox/browser/screenshots.ts under Node 24 (the pictures of the page).
// Plain JavaScript for Node 18+, because it runs on a bare clone. Nothing calls it but npm.
import { main } from "./setup.mjs";

await main("sandbox/browser/screenshots.ts", process.argv.slice(2));

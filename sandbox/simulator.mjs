// Owns the command `npm run simulator`: sets up, then hands over to sandbox/world/main.ts under Node 24 (the simulated Salesforce org, channel and bot alone).
// Plain JavaScript for Node 18+, because it runs on a bare clone. Nothing calls it but npm.
import { main } from "./setup.mjs";

await main("sandbox/world/main.ts", process.argv.slice(2));

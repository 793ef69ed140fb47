// Owns the command `npm run sandbox`: sets up, then hands over to sandbox/main.ts under Node 24. Plain JavaScript for Node 18+, because
// it runs on a bare clone. Nothing calls it but npm.
import { main } from "./setup.mjs";

await main("sandbox/main.ts", process.argv.slice(2));

// The command `npm run bench`: sets up, then hands over to bench/main.ts under Node 24. Plain JavaScript for Node 18+, because it runs on
// a bare clone. Nothing calls it but npm.
import { main } from "../sandbox/setup.mjs";

await main("bench/main.ts", process.argv.slice(2));

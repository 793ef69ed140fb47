// The commands `npm run chaos` and `npm run soak`: set up, then hand over to test/chaos/main.ts under Node 24. Plain JavaScript for Node 18+,
// because it runs on a bare clone. Nothing calls it but npm.
import { main } from "../../sandbox/setup.mjs";

await main("test/chaos/main.ts", process.argv.slice(2));

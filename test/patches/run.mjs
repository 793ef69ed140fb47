// The commands `npm run mutations` and `npm run defects`: set up, then hand over to main.ts under Node 24. Plain JavaScript for Node
// 18+, because it runs on a bare clone. Nothing calls it but npm.
import { SetupError, prepare, root, runTypeScript } from "../../sandbox/setup.mjs";

try {
  const { node } = await prepare();
  process.exitCode = await runTypeScript(node, "test/patches/main.ts", process.argv.slice(2), { cwd: root });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.stdout.write("0 passed, 1 failed\n");
  process.exitCode = error.exitCode;
}

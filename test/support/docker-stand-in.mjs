// Stands in for the `docker` program in tests: notes down what it is told and keeps "containers" that answer as Kafka, the registry and
// Redis do, on the ports of the environment. Started by services-compose.test.ts; keeps its state in STAND_IN_FOLDER.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { STAND_IN_FOLDER: folder = ".", STAND_IN_ENGINE: engine, STAND_IN_FAILS: fails, ...env } = process.env;
const NAMES = ["kafka", "registry", "redis"];
const [program, ...rest] = process.argv.slice(2);

const pidFile = (name) => join(folder, `${name}.pid`);
const pausedFile = (name) => join(folder, `${name}.paused`);
const isUp = (name) => existsSync(pidFile(name));

function container(name) {
  if (name === "registry") {
    createHttpServer((_request, response) => response.end("[]")).listen(Number(env.SANDBOX_REGISTRY_PORT), "127.0.0.1");
    return;
  }
  // A Metadata answer with one broker: length, correlation, number of brokers.
  const metadata = Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1]);
  const answer = name === "kafka" ? metadata : "+PONG\r\n";
  const port = Number(name === "kafka" ? env.SANDBOX_KAFKA_PORT : env.SANDBOX_REDIS_PORT);
  createServer((socket) => socket.once("data", () => socket.end(answer))).listen(port, "127.0.0.1");
}

function up(name) {
  if (isUp(name)) return;
  const args = [fileURLToPath(import.meta.url), "container", name];
  const child = spawn(process.execPath, args, { detached: true, stdio: "ignore" });
  writeFileSync(pidFile(name), String(child.pid));
  child.unref();
}

function down(name) {
  if (!isUp(name)) return;
  process.kill(Number(readFileSync(pidFile(name), "utf8")), "SIGKILL");
  rmSync(pidFile(name));
}

function compose(args) {
  const [command, ...options] = args;
  appendFileSync(join(folder, "commands"), `${args.join(" ")}\n`);
  if (command === fails) {
    process.stderr.write("no space left on device\n");
    process.exit(1);
  }
  const named = options.filter((option) => NAMES.includes(option));
  const targets = named.length > 0 ? named : NAMES;
  if (command === "up") targets.forEach(up);
  else if (command === "kill" || command === "stop" || command === "rm" || command === "down") targets.forEach(down);
  else if (command === "pause") targets.forEach((name) => writeFileSync(pausedFile(name), ""));
  else if (command === "unpause") targets.forEach((name) => rmSync(pausedFile(name)));
  else if (command === "ps") {
    const isPaused = (name) => existsSync(pausedFile(name));
    const wanted = options.includes("paused") ? isPaused : (name) => !isPaused(name);
    process.stdout.write(NAMES.filter((name) => isUp(name) && wanted(name)).join("\n"));
  }
}

if (program === "container") container(rest[0]);
else if (program === "info" && engine === "silent") setInterval(() => {}, 1000);
else if (program === "info" && engine === "refuses") {
  process.stdout.write("\n");
  process.stderr.write("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n");
  process.exitCode = 1;
} else if (program === "info") process.stdout.write("27.5.1\n");
else if (rest[0] === "version") process.exitCode = engine === "no-compose" ? 1 : 0;
else compose(rest.slice(4));

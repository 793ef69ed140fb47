// A server that speaks as much of Redis' protocol as a client needs to log in and ask what kind of server it is: for versions that
// no machine has any more. Called by start.test.ts.
import { createServer, type Socket } from "node:net";

/** A server on 127.0.0.1. */
export interface RespServer {
  /** `host:port`. */
  readonly address: string;
  /** Names of the commands that came, in lower case, in order. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

/** Answers INFO with these fields, CONFIG GET with nothing, everything else with OK. */
export async function startRespServer(info: Readonly<Record<string, string>>): Promise<RespServer> {
  const text = Object.entries(info)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join("");
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      for (const command of commandsIn(bytes.toString("latin1"))) {
        commands.push(command);
        socket.write(answerTo(command, text));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: `127.0.0.1:${String(port)}`,
    commands,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** First words of the commands in one piece of the stream; commands of this size are not cut. */
function commandsIn(received: string): readonly string[] {
  return received
    .split(/(?=\*\d+\r\n)/)
    .map((command) => command.split("\r\n")[2]?.toLowerCase() ?? "")
    .filter((name) => name !== "");
}

function answerTo(command: string, info: string): string {
  if (command === "info") return `$${String(Buffer.byteLength(info))}\r\n${info}\r\n`;
  if (command === "config") return "*0\r\n";
  if (command === "hello") return "-ERR unknown command 'HELLO'\r\n";
  return "+OK\r\n";
}

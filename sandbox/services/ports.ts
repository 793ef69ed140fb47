// Owns the choice of ports on 127.0.0.1. A port chosen here can be taken by somebody else before its service binds it: who starts a
// service retries with another (isPortTaken tells that case). Called by both implementations of the driver and by the sandbox.
import { createServer, connect } from "node:net";

const PROBE_TIMEOUT_MS = 500;

/** Whether nobody listens on this port of the loopback interface, on any address, and we may. */
export async function isFree(port: number): Promise<boolean> {
  return !(await somebodyAnswers(port)) && (await listenOnce(port)) !== undefined;
}

/** The preferred port when it is free, else any free one that is not among `taken`. */
export async function choosePort(
  preferred: number | undefined,
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  if (preferred !== undefined && !taken.has(preferred) && (await isFree(preferred))) return preferred;
  for (;;) {
    const port = await listenOnce(0);
    if (port === undefined) throw new Error("no free port on 127.0.0.1");
    if (!taken.has(port)) return port;
  }
}

/** Chooses several different ports, in the order given. */
export async function choosePorts(preferred: readonly (number | undefined)[]): Promise<number[]> {
  const taken = new Set<number>();
  for (const wish of preferred) taken.add(await choosePort(wish, taken));
  return [...taken];
}

/** Whether a program's output says that it could not listen because the port was taken. */
export function isPortTaken(output: string): boolean {
  return /EADDRINUSE|address already in use|port is already allocated|BindException|QuarkusBindException|Port\(s\) already bound/i.test(
    output,
  );
}

// A listener on 0.0.0.0 does not stop us from binding 127.0.0.1 on every platform, and would be shadowed: ask by connecting too.
function somebodyAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => end(true));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Listens for a moment; the port, or undefined when it may not. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}

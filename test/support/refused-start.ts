// A start that must be refused: the process ends by itself with 78 and says why in sentences. Called by tests of start.
import type { ServiceProcess } from "./service-process.ts";

const endsWithinMs = 40_000;

/** Starts it and resolves with the sentences of the refusal. Rejects when it does not end by itself, or not with 78. */
export async function refusedStart(
  service: ServiceProcess,
  more: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  await service.spawn(prefixed(more));
  const timeout = AbortSignal.timeout(endsWithinMs);
  const late = new Promise<never>((_, reject) => {
    timeout.addEventListener("abort", () => {
      reject(new Error("it did not end"));
    });
  });
  const tail = async (): Promise<string> => (await service.latestOutput()).trimEnd().split("\n").slice(-10).join("\n");
  try {
    const { code } = await Promise.race([service.ended(), late]);
    if (code !== 78) throw new Error(`it ended with ${String(code)}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The start was not refused: ${why}. It last said:\n${await tail()}`, { cause: error });
  } finally {
    await service.kill();
  }
  return sentencesOf(await service.latestOutput());
}

/** Settings as a shell spells them. */
export function prefixed(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value]));
}

function sentencesOf(output: string): readonly string[] {
  return output
    .split("\n")
    .filter((line) => line.includes('"the start is refused"'))
    .map((line) => (JSON.parse(line) as { readonly sentence: string }).sentence);
}

// Types of setup.mjs, which is plain JavaScript because it runs before Node 24 is there. Imported by its tests.

/** A set-up that cannot go on; the message says what to do. */
export class SetupError extends Error {
  readonly exitCode: number;
}

interface Package {
  readonly version?: string;
  readonly optional?: boolean;
}

interface LockFile {
  readonly packages?: Readonly<Record<string, Package>>;
}

/** Makes dependencies and Node 24 available; path of that Node. */
export function prepare(options?: {
  readonly root?: string;
  readonly say?: (line: string) => void;
}): Promise<{ readonly node: string }>;

/** Major version in `v24.1.0`; 0 when it is not one. */
export function nodeMajor(version: string): number;

/** Whether what npm noted as installed is what the lock file asks for. */
export function matchesLock(locked: LockFile, installed: LockFile): boolean;

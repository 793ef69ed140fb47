// The repository's own files, as the tests of house rules see them: tracked ones and new ones that are not ignored.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A file of the repository. */
export interface RepositoryFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: () => string;
}

/** All files of the repository that still exist and match the pattern. */
export function filesOfRepository(pattern: RegExp): readonly RepositoryFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    encoding: "utf8",
  });
  const deleted = new Set(execFileSync("git", ["ls-files", "--deleted", "-z"], { encoding: "utf8" }).split("\0"));
  return [...new Set(listed.split("\0"))]
    .filter((path) => path !== "" && !deleted.has(path) && pattern.test(path))
    .map((path) => ({ path, text: () => readFileSync(path, "utf8") }));
}

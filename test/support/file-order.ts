// The order of test files: by path. vitest's own order is by what failed and how long it took, and the scan of all kept output has to
// come last. Named in vitest.config.ts.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Sorts by project, then by path. */
export class ByPath extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): string => `${project.name} ${moduleId}`;
    return [...files].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }
}

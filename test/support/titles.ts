// Titles of tests as a file has them, for documents and patches that name tests: a renamed test is noticed without a run.

/** All string literals of a file, unescaped. Templates keep their `${…}`. */
function literalsOf(source: string): readonly string[] {
  return [...source.matchAll(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)].map(
    ([, double, single, template]) => (double ?? single ?? template ?? "").replaceAll(/\\(.)/g, "$1"),
  );
}

/** True when the text is a whole literal of the file; a part of one is none. */
export function hasLiteral(source: string, text: string): boolean {
  return literalsOf(source).includes(text);
}

/**
 * True when each part of a title (groups and test, joined by ` > `) is a whole literal of the file, in which `%s`, `$name` and `${…}` stand
 * for anything. Where the whole literal is such a placeholder, the part must be a literal itself.
 */
export function hasTitle(source: string, title: string): boolean {
  const forms = literalsOf(source).map((literal) =>
    literal
      .split(/%[a-z#]|\$\{[^}]*\}|\$\w+/)
      .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
      .join(".*"),
  );
  return title
    .split(" > ")
    .every((part) => forms.some((form) => !/^(?:\.\*)+$/.test(form) && new RegExp(`^${form}$`, "s").test(part)));
}

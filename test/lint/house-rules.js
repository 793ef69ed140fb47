// Lint rules of our own that no published plugin has, as an ESLint plugin. eslint.config.js says where each holds.
// Owns: size of a function without the functions inside it (factories are one function by syntax, many by reading), and doc
// comments on exports. Does not own formatting or import directions.

const isFunction = (node) =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

const lineCount = (node) => node.loc.end.line - node.loc.start.line + 1;

/** Counts the lines of a function, less those of the functions written inside it. */
const maxOwnLines = {
  meta: {
    type: "suggestion",
    schema: [{ type: "integer", minimum: 1 }],
    messages: {
      long: "This function has {{lines}} lines of its own (at most {{max}}): name a part of it and move that out.",
    },
  },
  create(context) {
    const max = context.options[0];
    const open = [];
    const enter = (node) => open.push({ node, inside: 0 });
    const leave = (node) => {
      const lines = lineCount(node) - open.pop().inside;
      if (lines > max) context.report({ node, messageId: "long", data: { lines, max } });
      const outer = open.at(-1);
      // The line that names the inner function belongs to the outer one.
      if (outer) outer.inside += lineCount(node) - 1;
    };
    return { ":function": enter, ":function:exit": leave };
  },
};

/** Demands a doc comment directly before every exported declaration. */
const exportedDoc = {
  meta: {
    type: "suggestion",
    schema: [],
    messages: {
      missing: "An export needs a doc comment: purpose, units, errors, ordering, repeat-safety, source of the fact.",
    },
  },
  create(context) {
    const check = (node) => {
      if (!node.declaration) return;
      const comment = context.sourceCode.getCommentsBefore(node).at(-1);
      if (comment?.type === "Block" && comment.value.startsWith("*")) return;
      if (isOverloadAfterTheFirst(node)) return;
      context.report({ node, messageId: "missing" });
    };
    return { ExportNamedDeclaration: check, ExportDefaultDeclaration: check };
  },
};

function isOverloadAfterTheFirst(node) {
  if (!isFunction(node.declaration) && node.declaration.type !== "TSDeclareFunction") return false;
  const siblings = node.parent.body;
  const before = siblings[siblings.indexOf(node) - 1];
  return before?.declaration?.type === "TSDeclareFunction" && before.declaration.id?.name === node.declaration.id?.name;
}

export default { meta: { name: "house" }, rules: { "max-own-lines": maxOwnLines, "exported-doc": exportedDoc } };

// Lint rules of the whole repository. Owns which rule holds where; what a rule of our own does is in test/lint/house-rules.js.
// Import directions are dependency-cruiser's (.dependency-cruiser.js), dead code is knip's. Run by `npm run check`.
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

import houseRules from "./test/lint/house-rules.js";

const everywhere = [
  {
    selector: "CatchClause > BlockStatement[body.length=0]",
    message: "An empty catch hides the error: handle it, return what it means, or let it rise.",
  },
  {
    selector:
      "CallExpression[callee.property.name='catch'] > ArrowFunctionExpression:matches([body.type='Identifier'][body.name='undefined'], [body.type='BlockStatement'][body.body.length=0], [body.type='Literal'][body.value=null])",
    message: "This swallows a rejection: handle the error or await the promise where it can be handled.",
  },
  {
    selector: "ClassDeclaration:not([superClass]), ClassExpression:not([superClass])",
    message:
      "Write a factory function that returns an object; only errors and extensions of library classes are classes.",
  },
];
const noModuleState = {
  selector:
    "Program > VariableDeclaration[kind='let'], Program > ExportNamedDeclaration > VariableDeclaration[kind='let']",
  message: "No module-level let: keep the state inside a factory function, so that two instances do not share it.",
};
const constantLogText = {
  selector:
    "CallExpression:matches([callee.object.name=/^(log|logger)$/], [callee.object.property.name=/^(log|logger)$/]) > :matches(TemplateLiteral[expressions.length>0], BinaryExpression[operator='+'])",
  message: "Log text is constant: put what varies into the fields object, log.info({ topic }, 'text').",
};
const noSideEffectOnImport = {
  selector:
    "Program > ExpressionStatement > AwaitExpression, Program > VariableDeclaration > VariableDeclarator > AwaitExpression",
  message: "Importing a module does no I/O: move this into a function that main.ts calls.",
};
const noAmbientRandom = {
  selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
  message: "Randomness comes in through a port, or is derived from the input's coordinates.",
};
const pureCore = [
  {
    selector: "AwaitExpression",
    message: "decide is synchronous: make the outside call a pending command, its result an input.",
  },
  {
    selector: ":function[async=true]",
    message: "decide is synchronous: make the outside call a pending command, its result an input.",
  },
  { selector: "ThrowStatement", message: "A refusal is an output, not an exception: return it." },
];
const testsCanFail = [
  {
    selector:
      "CallExpression > MemberExpression.callee[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo)$/]",
    message: "No focused or parked tests: skip by condition (skipIf, runIf) with the reason in the name, or delete it.",
  },
  {
    selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']",
    message: "No fixed sleeps: wait for a condition with a deadline (vi.waitFor, vi.waitUntil).",
  },
];
const ambient = (names) =>
  names.map((name) => ({ name, message: "Comes in through a port or a parameter, so that a test can rule it." }));
const noAmbientWorld = ambient([
  ...["Date", "performance", "process", "fetch", "crypto", "console", "XMLHttpRequest", "WebSocket", "EventSource"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
]);
const noRandomImports = {
  paths: ["node:crypto", "crypto"].map((name) => ({
    name,
    importNames: [
      "randomUUID",
      "randomBytes",
      "randomInt",
      "randomFillSync",
      "getRandomValues",
      "webcrypto",
      "default",
    ],
    message: "Randomness comes in through a port, or is derived from the input's coordinates.",
  })),
};

export default defineConfig(
  globalIgnores(["node_modules/", ".cache/", "coverage/", "src/processors/messages/generated.ts"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    plugins: { house: houseRules },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "object-shorthand": "error",
      "no-param-reassign": "error",
      "no-await-in-loop": "off", // order is what most of our loops are about
      "no-constant-binary-expression": "error",
      "no-duplicate-case": "error",
      "no-fallthrough": "error",
      "no-self-compare": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-unsafe-finally": "error",
      "no-useless-return": "error",
      "no-loss-of-precision": "error",
      "no-control-regex": "error",
      "no-misleading-character-class": "error",
      "no-prototype-builtins": "error",
      "no-unreachable": "error",
      "no-unused-labels": "error",
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx", "hack"], location: "anywhere" }],
      "max-lines": ["error", 400],
      "max-params": ["error", 4],
      "max-depth": ["error", 4],
      complexity: ["error", 18], // ?? and ?. count as branches
      "house/max-own-lines": ["error", 80],
      "no-restricted-syntax": ["error", ...everywhere],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        {
          considerDefaultExhaustiveForUnions: false,
          requireDefaultForNonUnion: false,
          allowDefaultCaseForExhaustiveSwitch: true,
        },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "@typescript-eslint/prefer-optional-chain": "error",
      "@typescript-eslint/prefer-readonly-parameter-types": "off",
      "@typescript-eslint/array-type": ["error", { default: "array" }],
      // Ports are promises even where an in-memory one has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        {
          argsIgnorePattern: "^_",
          varsIgnorePattern: "^_",
          destructuredArrayIgnorePattern: "^_",
          caughtErrors: "all",
          ignoreRestSiblings: true,
        },
      ],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
    },
  },
  {
    files: [
      "src/**/*.ts",
      "sandbox/**/*.{ts,tsx}",
      "schemas/**/*.ts",
      "bench/**/*.ts",
      "test/support/**/*.ts",
      "test/levels/**/*.ts",
    ],
    ignores: ["**/*.test.ts"],
    rules: {
      "house/exported-doc": "error",
      "no-restricted-syntax": ["error", ...everywhere, noModuleState, constantLogText],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/main.ts", "src/operator.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-syntax": ["error", ...everywhere, noModuleState, constantLogText, noSideEffectOnImport],
    },
  },
  {
    files: ["src/processors/**/*.ts", "src/topology/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...noAmbientWorld],
      "no-restricted-imports": ["error", noRandomImports],
      "no-restricted-syntax": [
        "error",
        ...everywhere,
        noModuleState,
        constantLogText,
        noSideEffectOnImport,
        noAmbientRandom,
      ],
    },
  },
  {
    files: ["src/processors/interconnection/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...everywhere,
        noModuleState,
        constantLogText,
        noSideEffectOnImport,
        noAmbientRandom,
        ...pureCore,
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "house/max-own-lines": "off",
      "max-params": ["error", 5],
      "@typescript-eslint/no-unsafe-assignment": "off", // expect.any, expect.objectContaining and parsed JSON under assertion
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...everywhere, ...testsCanFail],
      "no-restricted-imports": [
        "error",
        {
          paths: ["node:timers/promises", "timers/promises"].map((name) => ({
            name,
            importNames: ["setTimeout", "setInterval", "scheduler"],
            message: "No fixed sleeps: wait for a condition with a deadline (vi.waitFor, vi.waitUntil).",
          })),
        },
      ],
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    extends: [tseslint.configs.disableTypeChecked],
  },
);

/**
 * Poisons all that could make two runs of one program differ: clocks, chance, timers, promises, the network, the
 * environment, locales, inexact mathematics, and what depends on the garbage collector. Whoever touches one of them
 * from then on gets an error.
 *
 * @module
 */

const globals = [
  ...["Date", "Temporal", "performance", "Intl"],
  ...["crypto", "Crypto", "SubtleCrypto"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "queueMicrotask"],
  ...[
    "Promise",
    "scheduler",
    "requestAnimationFrame",
    "structuredClone",
    "MessageChannel",
    "BroadcastChannel",
  ],
  ...["fetch", "WebSocket", "EventSource", "XMLHttpRequest", "Worker"],
  ...["WeakRef", "FinalizationRegistry", "SharedArrayBuffer", "Atomics"],
  ...["Deno", "process", "Buffer", "navigator", "location", "localStorage", "sessionStorage", "caches"],
  ...["console", "alert", "confirm", "prompt", "eval", "Function", "gc"],
];
/** What `Math` gives that is exact on every engine. */
const exactMath = new Set(["abs", "ceil", "clz32", "floor", "imul", "max", "min", "sign", "trunc"]);
const dependent: readonly (readonly [prototype: object, names: readonly string[]])[] = [
  [String.prototype, [
    "localeCompare",
    "normalize",
    "toLocaleLowerCase",
    "toLocaleUpperCase",
  ]],
  [Number.prototype, ["toLocaleString"]],
  [BigInt.prototype, ["toLocaleString"]],
  [Array.prototype, ["toLocaleString"]],
  [Object.prototype, ["toLocaleString"]],
  [Math, Object.getOwnPropertyNames(Math).filter((name) => isFunction(Math, name) && !exactMath.has(name))],
  [Error, ["captureStackTrace"]],
];

/** Poisons them, for as long as the process lives; gives how many there are. */
export function poison(): number {
  // Collected first: what defines is poisoned itself before it ends.
  const poisons: (readonly [object, string, PropertyDescriptor])[] = [];
  for (const name of globals) {
    if (name in globalThis) poisons.push([globalThis, name, poisoned(name)]);
  }
  for (const [owner, names] of dependent) {
    for (const name of names) if (name in owner) poisons.push([owner, name, poisoned(name)]);
  }
  const { defineProperty } = Object;
  for (const [owner, name, descriptor] of poisons) defineProperty(owner, name, descriptor);
  return poisons.length;
}

function poisoned(name: string): PropertyDescriptor {
  return {
    configurable: true,
    get() {
      throw new Error(`"${name}" is poisoned`);
    },
  };
}

function isFunction(owner: object, name: string): boolean {
  return typeof (owner as Readonly<Record<string, unknown>>)[name] === "function";
}

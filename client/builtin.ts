/**
 * What Deno and Node have built in, and browsers have not. It is looked up when it is needed, and never imported: so
 * the same modules make a program for browsers.
 *
 * @module
 */

/** A built-in module, like "node:net"; undefined in a browser. */
export function builtin<Module>(name: string): Module | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): Module } };
  return process?.getBuiltinModule?.(name);
}

/**
 * The typed door to `@std/assert`. The package that carries it on npm has no types of its own, so the few
 * functions that the tests use are typed here, once.
 *
 * @module
 */

import * as std from "@std/assert";

interface Assert {
  assert(condition: unknown, message?: string): asserts condition;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertThrows<E extends Error = Error>(
    run: () => unknown,
    // deno-lint-ignore no-explicit-any -- an error class may take any arguments
    type?: new (...args: any[]) => E,
    includes?: string,
  ): E;
  assertRejects<E extends Error = Error>(
    run: () => Promise<unknown>,
    // deno-lint-ignore no-explicit-any -- an error class may take any arguments
    type?: new (...args: any[]) => E,
    includes?: string,
  ): Promise<E>;
}

const door: Assert = std as unknown as Assert;
export const assert: Assert["assert"] = door.assert;
export const assertEquals: Assert["assertEquals"] = door.assertEquals;
export const assertNotEquals: Assert["assertNotEquals"] = door.assertNotEquals;
export const assertStringIncludes: Assert["assertStringIncludes"] = door.assertStringIncludes;
export const assertMatch: Assert["assertMatch"] = door.assertMatch;
export const assertThrows: Assert["assertThrows"] = door.assertThrows;
export const assertRejects: Assert["assertRejects"] = door.assertRejects;

import fc from "fast-check";
import { PersistentMap } from "../../ot/persistent_map.ts";
import { assert, assertEquals } from "../assert.ts";

/** FNV-1a over code units, by which the map's hash tells keys apart; what it mixes afterwards keeps all apart. */
function fnv(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Keys of one hash each: words that are known to clash, and others made to. */
const clashes: readonly (readonly string[])[] = [
  ["costarring", "liquid"],
  ["declinate", "macallums"],
  ["altarage", "zinke"],
  clashOfTriples(0x1234),
  clashOfTriples(0xbeef),
];

/**
 * Keys of three code units with one hash: after two units all agree in the upper half of the state, and the third
 * takes away what is different in the lower.
 */
function clashOfTriples(upper: number): string[] {
  const keys: string[] = [];
  for (const first of "abcd") {
    for (let unit = 0; unit < 0x10000; unit++) {
      const start = first + String.fromCharCode(unit);
      const state = fnv(start);
      if (state >>> 16 === upper) keys.push(start + String.fromCharCode(state & 0xffff));
    }
  }
  return keys;
}

/** The map that has seen these assignments and deletions, in this order. */
function played(
  steps: readonly (readonly [key: string, value: number | undefined])[],
): PersistentMap<number> {
  let map = PersistentMap.empty<number>();
  for (const [key, value] of steps) map = value === undefined ? map.delete(key) : map.set(key, value);
  return map;
}

const key = fc.oneof(
  fc.constantFrom(...clashes.flat()),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 })).map(([a, b]) => `${a}:${b}`),
);
const steps = fc.array(fc.tuple(key, fc.option(fc.nat(9), { nil: undefined })), { maxLength: 120 });

Deno.test("the clashing keys of these tests have one hash, and some are more than two", () => {
  for (const keys of clashes) {
    assertEquals(new Set(keys).size, keys.length);
    assertEquals(new Set(keys.map(fnv)).size, 1);
  }
  assert(clashes.some((keys) => keys.length > 2));
});

Deno.test("a PersistentMap holds what a Map holds, and every earlier state of it stays as it was", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const model = new Map<string, number>();
      let map = PersistentMap.empty<number>();
      const earlier: [PersistentMap<number>, [string, number][]][] = [];
      for (const [key, value] of steps) {
        earlier.push([map, [...model]]);
        if (value === undefined) {
          map = map.delete(key);
          model.delete(key);
        } else {
          map = map.set(key, value);
          model.set(key, value);
        }
      }
      earlier.push([map, [...model]]);
      for (const [state, entries] of earlier) {
        assertEquals(state.size, entries.length);
        assertEquals(new Map(state), new Map(entries));
        for (const [key, value] of entries) assert(state.get(key) === value && state.has(key));
        assert(steps.every(([key]) => state.has(key) === (state.get(key) !== undefined)));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a PersistentMap iterates in an order that does not depend on what happened to it", () => {
  fc.assert(
    fc.property(
      steps.chain((steps) => fc.tuple(fc.constant(steps), fc.shuffledSubarray([...played(steps)]))),
      ([steps, some]) => {
        const lived = played(steps), entries = [...lived];
        assertEquals([...played(entries)], entries);
        assertEquals([...played(entries.toReversed())], entries);
        // Take some out and put them back, in any order.
        let other = lived;
        for (const [key] of some) other = other.delete(key);
        for (const [key, value] of some) other = other.set(key, value);
        assertEquals([...other], entries);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a PersistentMap keeps clashing keys apart", () => {
  for (const keys of clashes) {
    let map = PersistentMap.empty<string>();
    for (const key of keys) map = map.set(key, `of ${key}`);
    assertEquals(map.size, keys.length);
    for (const key of keys) assertEquals(map.get(key), `of ${key}`);
    for (const key of keys.slice(1)) {
      map = map.delete(key);
      assert(!map.has(key) && map.has(keys[0]!));
    }
    assertEquals([...map], [[keys[0]!, `of ${keys[0]}`]]);
    assertEquals(map.delete(keys[0]!).size, 0);
  }
});

Deno.test("a PersistentMap does not take a key for another one of the same hash", () => {
  const map = PersistentMap.empty<number>().set("costarring", 1);
  assert(!map.has("liquid"));
  assert(map.delete("liquid") === map);
  assert(!map.set("x", 2).set("declinate", 3).has("macallums"));
  const both = map.set("liquid", 2);
  assertEquals(both.set("liquid", 3).size, 2);
  assertEquals([...both].map(([key]) => key), ["costarring", "liquid"]);
});

Deno.test("PersistentMap.delete() of a key that is not there gives the same map", () => {
  const map = played([["a", 1], ["b", 2]]);
  assert(map.delete("c") === map);
  assert(PersistentMap.empty<number>().delete("a").size === 0);
});

Deno.test("a PersistentMap of 50,000 keys finds each, and is empty after as many deletions", () => {
  const keys = Array.from({ length: 50_000 }, (_, i) => `${i % 7}:${i}`);
  let map = played(keys.map((key, i) => [key, i]));
  assertEquals(map.size, keys.length);
  assert(keys.every((key, i) => map.get(key) === i));
  for (const key of keys) map = map.delete(key);
  assertEquals([map.size, [...map].length], [0, 0]);
});

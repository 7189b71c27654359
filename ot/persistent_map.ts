/**
 * A map as a value: setting a key gives a new map that shares all but one path with the old one.
 *
 * A hash array mapped trie (Bagwell, 2001): 32 slots a level, only the filled ones stored. Its shape depends on
 * its keys alone, never on the order in which they came, so two replicas with equal entries also iterate
 * equally, and a restored one like one that lived through everything.
 *
 * @module
 */

interface Leaf<V> {
  readonly hash: number;
  readonly key: string;
  readonly value: V;
}

/** Which of 32 slots are filled, and what is in the filled ones. */
interface Inner<V> {
  readonly bitmap: number;
  readonly slots: readonly Trie<V>[];
}

/** Leaves whose 32-bit hashes are all the same, sorted by key. */
interface Clash<V> {
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}

type Trie<V> = Leaf<V> | Inner<V> | Clash<V>;

/** A map from strings that never changes. */
export class PersistentMap<V> {
  readonly #root: Trie<V> | undefined;
  /** How many keys there are. */
  readonly size: number;

  private constructor(root: Trie<V> | undefined, size: number) {
    this.#root = root;
    this.size = size;
  }

  static readonly #empty: PersistentMap<never> = new PersistentMap<never>(undefined, 0);

  /** The map without keys. */
  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty;
  }

  /** The value of `key`. */
  get(key: string): V | undefined {
    return this.#root === undefined ? undefined : this.#find(this.#root, key, hashOf(key));
  }

  #find(root: Trie<V>, key: string, hash: number): V | undefined {
    let trie = root;
    for (let shift = 0; "slots" in trie; shift += 5) {
      const bit = 1 << ((hash >>> shift) & 31);
      if ((trie.bitmap & bit) === 0) return undefined;
      trie = trie.slots[countBits(trie.bitmap & (bit - 1))]!;
    }
    if ("key" in trie) return trie.key === key ? trie.value : undefined;
    return trie.leaves.find((leaf) => leaf.key === key)?.value;
  }

  /** Whether `key` has a value. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The map in which `key` has `value`. */
  set(key: string, value: V): PersistentMap<V> {
    const leaf = { hash: hashOf(key), key, value };
    if (this.#root === undefined) return new PersistentMap(leaf, 1);
    const added = this.#find(this.#root, key, leaf.hash) === undefined ? 1 : 0;
    return new PersistentMap(withLeaf(this.#root, 0, leaf), this.size + added);
  }

  /** The map without `key`. */
  delete(key: string): PersistentMap<V> {
    if (this.#root === undefined || !this.has(key)) return this;
    return new PersistentMap(without(this.#root, 0, hashOf(key), key), this.size - 1);
  }

  /** Keys and values, in an order that depends on the keys alone. */
  *[Symbol.iterator](): Generator<[string, V]> {
    if (this.#root !== undefined) yield* entriesOf(this.#root);
  }
}

function withLeaf<V>(trie: Trie<V>, shift: number, leaf: Leaf<V>): Trie<V> {
  if ("slots" in trie) {
    const bit = 1 << ((leaf.hash >>> shift) & 31);
    const index = countBits(trie.bitmap & (bit - 1));
    const slots = trie.slots.slice();
    if ((trie.bitmap & bit) === 0) slots.splice(index, 0, leaf);
    else slots[index] = withLeaf(slots[index]!, shift + 5, leaf);
    return { bitmap: trie.bitmap | bit, slots };
  }
  if ("key" in trie ? trie.key === leaf.key : false) return leaf;
  if (trie.hash === leaf.hash) {
    const others = "key" in trie ? [trie] : trie.leaves.filter(({ key }) => key !== leaf.key);
    const leaves = [...others, leaf].sort((a, b) => a.key < b.key ? -1 : 1);
    return { hash: leaf.hash, leaves };
  }
  // Two hashes that agree so far: go down until they part.
  const one = (trie.hash >>> shift) & 31, two = (leaf.hash >>> shift) & 31;
  if (one === two) return { bitmap: 1 << one, slots: [withLeaf(trie, shift + 5, leaf)] };
  return { bitmap: (1 << one) | (1 << two), slots: one < two ? [trie, leaf] : [leaf, trie] };
}

function without<V>(trie: Trie<V>, shift: number, hash: number, key: string): Trie<V> | undefined {
  if ("key" in trie) return undefined;
  if ("leaves" in trie) {
    const leaves = trie.leaves.filter((leaf) => leaf.key !== key);
    return leaves.length === 1 ? leaves[0]! : { hash: trie.hash, leaves };
  }
  const bit = 1 << ((hash >>> shift) & 31);
  const index = countBits(trie.bitmap & (bit - 1));
  const child = without(trie.slots[index]!, shift + 5, hash, key);
  const slots = trie.slots.slice();
  if (child === undefined) slots.splice(index, 1);
  else slots[index] = child;
  if (slots.length === 0) return undefined;
  // A lone leaf moves up, so that the shape is the one it would have without the key ever having been there.
  if (slots.length === 1 && !("slots" in slots[0]!)) return slots[0]!;
  return { bitmap: child === undefined ? trie.bitmap & ~bit : trie.bitmap, slots };
}

function* entriesOf<V>(trie: Trie<V>): Generator<[string, V]> {
  if ("key" in trie) yield [trie.key, trie.value];
  else if ("leaves" in trie) { for (const leaf of trie.leaves) yield [leaf.key, leaf.value]; }
  else for (const slot of trie.slots) yield* entriesOf(slot);
}

/** FNV-1a over the code units, its bits then mixed so that the low ones depend on all. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function countBits(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * `deno task bench ot`: the text value and the algebra of text operations, beside other engines.
 *
 * - a recorded editing history replayed into a text, and the text read at the end: `Text`, jumprope (a skip list),
 *   diamond-types-node (a CRDT in WebAssembly, which also keeps the history);
 * - random single edits all over a 10 MB text, and the same with the text after each edit kept: there is no
 *   value of jumprope's to keep, so CodeMirror's `Text`, a value as well, is the peer;
 * - transform and compose, with 1 splice and 100 splices on each side: ot-text-unicode, CodeMirror's `ChangeSet`
 *   and ot.js. Each engine gets its own form of the same operations, made beforehand. A transform is one operation
 *   over another, as a server needs it; ot.js has only the call that does both sides at once, so rows of "both"
 *   have everybody do both, as a client needs it.
 *
 * Not for: memory use, loading, or what a server makes of it. The mix of edits is in `drawSplices`.
 *
 * @module
 */

import { ChangeSet, Text as CodeMirrorText } from "@codemirror/state";
import { Text } from "../ot/text.ts";
import { compose, normalize, type Splice, type TextOp, transform } from "../ot/text_op.ts";
import type { Options } from "./main.ts";
import { type Contestant, type Effort, measure, type Measured } from "./measure.ts";
import {
  DiamondTypes,
  JumpRope,
  type OtjsOperation,
  OtjsTextOperation,
  type Rope,
  type UnicodeOp,
  unicodeType,
} from "./peers.ts";
import { type Draw, randomText, seeded } from "./random.ts";
import { atLeast, atMost, type Bound, type Row } from "./report.ts";
import type { Patch } from "../sim/trace.ts";
import { editingTrace, madeTrace, type Trace } from "./trace.ts";

export async function* otRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const effort: Effort = quick ? { rounds: 2, roundMsMin: 20 } : { rounds: 7, roundMsMin: 300 };
  const wanted = (name: string) => name.includes(only);
  if (wanted("replay")) {
    const found: { trace: Trace; skipped?: string } = quick
      ? { trace: madeTrace(20_000) }
      : await editingTrace();
    if (found.skipped !== undefined) yield found.skipped;
    yield replayRow(found.trace, effort);
  }
  const megabytes = quick ? 1 : 10;
  const edits = quick ? 2_000 : 50_000;
  if (wanted("random edits")) yield randomEditsRow(megabytes, edits, effort);
  if (wanted("snapshot after each edit")) yield snapshotsRow(megabytes, edits, effort);
  for (const splices of [1, 100]) {
    if (wanted(`transform ${splices}`)) yield transformRow(splices, "one side", effort);
    if (wanted(`transform both ${splices}`)) yield transformRow(splices, "both sides", effort);
    if (wanted(`compose ${splices}`)) yield composeRow(splices, effort);
  }
}

function replayRow(trace: Trace, effort: Effort): Row {
  const { patches, endContent } = trace;
  const measured = measure([ours(patches), rope("", patches), diamond(patches)], 1, effort);
  const [mine, ...peers] = measured;
  const fastest = Math.min(...peers.map(({ median }) => median));
  const row = rowOf(
    `replay ${trace.name}, ${patches.length.toLocaleString("en-US")} edits`,
    "ms",
    "less",
    measured,
    ({ median }) => median * 1e3,
    [atLeast("at least 2 times as fast as the faster peer", fastest / mine!.median, 2)],
  );
  if (rope("", patches).result() !== endContent) {
    throw new Error(`The replay of ${trace.name} gave another text`);
  }
  return row;

  function ours(patches: readonly Patch[]): Contestant {
    const replay = () => {
      let text = Text.empty;
      for (let i = 0; i < patches.length; i++) {
        const patch = patches[i]!;
        text = text.splice(patch[0], patch[1], patch[2]);
      }
      return text.toString();
    };
    return { name: "Text", run: () => readOnce(replay()), result: replay };
  }

  function diamond(patches: readonly Patch[]): Contestant {
    const replay = () => {
      const doc = new DiamondTypes("bench");
      for (let i = 0; i < patches.length; i++) {
        const patch = patches[i]!;
        if (patch[1] > 0) doc.del(patch[0], patch[1]);
        if (patch[2] !== "") doc.ins(patch[0], patch[2]);
      }
      const text = doc.get();
      doc.free();
      return text;
    };
    return { name: "diamond-types-node", run: () => readOnce(replay()), result: replay };
  }
}

function rope(start: string, patches: readonly Patch[]): Contestant {
  const replay = () => {
    const text = new JumpRope(start);
    editRope(text, patches);
    return text.toString();
  };
  return { name: "jumprope", run: () => readOnce(replay()), result: replay };
}

function editRope(rope: Rope, patches: readonly Patch[]): void {
  for (let i = 0; i < patches.length; i++) {
    const patch = patches[i]!;
    if (patch[1] > 0) rope.del(patch[0], patch[1]);
    if (patch[2] !== "") rope.insert(patch[0], patch[2]);
  }
}

/** Has the string put together, should the engine have left that for later. */
function readOnce(text: string): number {
  return text.length + text.charCodeAt(text.length >> 1);
}

function randomEditsRow(megabytes: number, count: number, effort: Effort): Row {
  const { start, patches } = randomEdits(megabytes, count);
  const base = Text.of(start);
  const edit = () => {
    let text = base;
    for (let i = 0; i < patches.length; i++) {
      const patch = patches[i]!;
      text = text.splice(patch[0], patch[1], patch[2]);
    }
    return text;
  };
  // A rope is edited in place, and filling a new one would be timed too. So its round ends with taking all of it
  // back: twice the edits, counted as twice the work.
  const peer = new JumpRope(start);
  const undo = undone(start, patches);
  const thereAndBack = () => {
    editRope(peer, patches);
    editRope(peer, undo);
    return peer.length;
  };
  const measured = [
    ...measure([{ name: "Text", run: () => edit().length, result: () => edit().toString() }], count, effort),
    ...measure(
      [{ name: "jumprope", run: thereAndBack, result: () => rope(start, patches).result() }],
      count * 2,
      effort,
    ),
  ];
  return rowOf(
    `random edits in a text of ${megabytes} MB, ${count.toLocaleString("en-US")}`,
    "µs each",
    "less",
    measured,
    ({ median }) => median * 1e6,
    [atMost("within 2 µs each", measured[0]!.median * 1e6, 2)],
  );
}

function snapshotsRow(megabytes: number, count: number, effort: Effort): Row {
  const { start, patches } = randomEdits(megabytes, count);
  const base = Text.of(start);
  const edit = () => {
    const kept: Text[] = [base];
    let text = base;
    for (let i = 0; i < patches.length; i++) {
      const patch = patches[i]!;
      text = text.splice(patch[0], patch[1], patch[2]);
      kept.push(text);
    }
    return kept;
  };
  const peerBase = CodeMirrorText.of(start.split("\n"));
  const pieces = patches.map(([, , insert]) => CodeMirrorText.of(insert.split("\n")));
  const peerEdit = () => {
    const kept: CodeMirrorText[] = [peerBase];
    let text = peerBase;
    for (let i = 0; i < patches.length; i++) {
      const patch = patches[i]!;
      text = text.replace(patch[0], patch[0] + patch[1], pieces[i]!);
      kept.push(text);
    }
    return kept;
  };
  const middle = count >> 1;
  const measured = measure(
    [
      {
        name: "Text",
        run: () => lengths(edit()),
        result: () => edit()[middle]!.toString() + edit()[count]!.toString(),
      },
      {
        name: "CodeMirror Text",
        run: () => lengths(peerEdit()),
        result: () => peerEdit()[middle]!.toString() + peerEdit()[count]!.toString(),
      },
    ],
    count,
    effort,
  );
  return rowOf(
    `snapshot after each edit of a text of ${megabytes} MB, all ${count.toLocaleString("en-US")} kept`,
    "µs each",
    "less",
    measured,
    ({ median }) => median * 1e6,
    [atMost("within 4 µs each", measured[0]!.median * 1e6, 4)],
  );
}

function lengths(texts: readonly { readonly length: number }[]): number {
  let sum = 0;
  for (const text of texts) sum += text.length;
  return sum;
}

/** Edits at places drawn evenly from the whole text; it stays about as long. */
function randomEdits(megabytes: number, count: number): { start: string; patches: Patch[] } {
  const draw = seeded(10);
  const start = randomText(draw, megabytes * 1_000_000);
  const patches: Patch[] = [];
  let length = start.length;
  for (let i = 0; i < count; i++) {
    const kind = draw(0, 10);
    const insert = kind < 8 && kind !== 0 ? randomText(draw, draw(1, 8)) : "";
    const remove = kind >= 6 || insert === "" ? draw(1, 8) : 0;
    patches.push([draw(0, length - remove + 1), remove, insert]);
    length += insert.length - remove;
  }
  return { start, patches };
}

/** The edits that take back `patches`, in the order to apply them in. */
function undone(start: string, patches: readonly Patch[]): Patch[] {
  let text = Text.of(start);
  const result: Patch[] = [];
  for (const [at, remove, insert] of patches) {
    result.push([at, insert.length, text.slice(at, at + remove)]);
    text = text.splice(at, remove, insert);
  }
  return result.reverse();
}

/** Two operations on one text, or one after the other, in everybody's own form. */
interface Pair {
  readonly ours: readonly [TextOp, TextOp];
  readonly unicode: readonly [UnicodeOp, UnicodeOp];
  readonly codemirror: readonly [ChangeSet, ChangeSet];
  readonly otjs: readonly [OtjsOperation, OtjsOperation];
}

const documentLength = 10_000;

function transformRow(splices: number, sides: "one side" | "both sides", effort: Effort): Row {
  const both = sides === "both sides";
  const draw = seeded(splices);
  const start = randomText(draw, documentLength);
  const pairs = pairsOf(splices, () => {
    const a = drawSplices(draw, splices, documentLength);
    let b = drawSplices(draw, splices, documentLength, a);
    // The engines differ in what stands left where two insertions meet, which is not what this compares.
    while (meet(a, b)) b = drawSplices(draw, splices, documentLength, a);
    return [a, documentLength, b, documentLength];
  });
  const measured = measure(
    [
      {
        name: "transform",
        run: () => {
          let sum = 0;
          for (const { ours: [a, b] } of pairs) {
            sum += transform(a, b, "left").length;
            if (both) sum += transform(b, a, "right").length;
          }
          return sum;
        },
        result: () =>
          texts(
            pairs,
            ({ ours: [a, b] }) =>
              Text.of(start).apply(a).apply(transform(b, a, "right")).toString() +
              Text.of(start).apply(b).apply(transform(a, b, "left")).toString(),
          ),
      },
      {
        name: "ot-text-unicode",
        run: () => {
          let sum = 0;
          for (const { unicode: [a, b] } of pairs) {
            sum += unicodeType.transform(a, b, "left").length;
            if (both) sum += unicodeType.transform(b, a, "right").length;
          }
          return sum;
        },
        result: () =>
          texts(
            pairs,
            ({ unicode: [a, b] }) =>
              unicodeType.apply(unicodeType.apply(start, a), unicodeType.transform(b, a, "right")) +
              unicodeType.apply(unicodeType.apply(start, b), unicodeType.transform(a, b, "left")),
          ),
      },
      {
        name: "@codemirror/state ChangeSet",
        run: () => {
          let sum = 0;
          for (const { codemirror: [a, b] } of pairs) {
            sum += a.map(b, true).newLength;
            if (both) sum += b.map(a).newLength;
          }
          return sum;
        },
        result: () => {
          const text = CodeMirrorText.of(start.split("\n"));
          return texts(
            pairs,
            ({ codemirror: [a, b] }) =>
              b.map(a).apply(a.apply(text)).toString() + a.map(b, true).apply(b.apply(text)).toString(),
          );
        },
      },
      {
        name: "ot (ot.js)",
        run: () => {
          let sum = 0;
          for (const { otjs: [a, b] } of pairs) sum += OtjsTextOperation.transform(a, b).length;
          return sum;
        },
        result: () =>
          texts(pairs, ({ otjs: [a, b] }) => {
            const [aAfter, bAfter] = OtjsTextOperation.transform(a, b);
            return bAfter.apply(a.apply(start)) + aAfter.apply(b.apply(start));
          }),
      },
    ],
    pairs.length,
    effort,
  );
  // The bound speaks of one transform, as a server needs; both sides are what a client needs.
  return opsRow(`transform ${both ? "both " : ""}${splices} against ${splices}`, measured, !both);
}

function composeRow(splices: number, effort: Effort): Row {
  const draw = seeded(1000 + splices);
  const start = randomText(draw, documentLength);
  const pairs = pairsOf(splices, () => {
    const a = drawSplices(draw, splices, documentLength);
    const between = documentLength + growth(a);
    return [a, documentLength, drawSplices(draw, splices, between, shifted(a)), between];
  });
  const measured = measure(
    [
      {
        name: "compose",
        run: () => {
          let sum = 0;
          for (const { ours: [a, b] } of pairs) sum += compose(a, b).length;
          return sum;
        },
        result: () => texts(pairs, ({ ours: [a, b] }) => Text.of(start).apply(compose(a, b)).toString()),
      },
      {
        name: "ot-text-unicode",
        run: () => {
          let sum = 0;
          for (const { unicode: [a, b] } of pairs) sum += unicodeType.compose(a, b).length;
          return sum;
        },
        result: () =>
          texts(pairs, ({ unicode: [a, b] }) => unicodeType.apply(start, unicodeType.compose(a, b))),
      },
      {
        name: "@codemirror/state ChangeSet",
        run: () => {
          let sum = 0;
          for (const { codemirror: [a, b] } of pairs) sum += a.compose(b).newLength;
          return sum;
        },
        result: () => {
          const text = CodeMirrorText.of(start.split("\n"));
          return texts(pairs, ({ codemirror: [a, b] }) => a.compose(b).apply(text).toString());
        },
      },
      {
        name: "ot (ot.js)",
        run: () => {
          let sum = 0;
          for (const { otjs: [a, b] } of pairs) {
            sum += (a.compose(b) as unknown as { ops: unknown[] }).ops.length;
          }
          return sum;
        },
        result: () => texts(pairs, ({ otjs: [a, b] }) => a.compose(b).apply(start)),
      },
    ],
    pairs.length,
    effort,
  );
  return opsRow(`compose ${splices} with ${splices}`, measured, true);
}

function opsRow(name: string, measured: readonly Measured[], bound: boolean): Row {
  const fastest = Math.min(...measured.slice(1).map(({ median }) => median));
  const bounds = bound
    ? [atLeast("at least 3 times the fastest peer", fastest / measured[0]!.median, 3)]
    : [];
  const title = `${name} splice${name.endsWith("100") ? "s" : ""}`;
  return rowOf(title, "a second", "more", measured, ({ median }) => 1 / median, bounds);
}

function rowOf(
  name: string,
  unit: string,
  better: Row["better"],
  measured: readonly Measured[],
  valueOf: (of: { median: number }) => number,
  bounds: readonly Bound[],
): Row {
  const hashes = new Set(measured.map(({ hash }) => hash));
  if (hashes.size !== 1) {
    const all = measured.map(({ name, hash }) => `${name} ${hash}`).join(", ");
    throw new Error(`The engines gave different texts for "${name}": ${all}`);
  }
  const figures = measured.map(({ name, median, fastest, slowest, hash }, index) => ({
    engine: name,
    ours: index === 0,
    value: valueOf({ median }),
    range: [valueOf({ median: fastest }), valueOf({ median: slowest })] as const,
    hash,
  }));
  return { name, unit, better, figures, bounds };
}

function texts(pairs: readonly Pair[], textOf: (pair: Pair) => string): string {
  // All texts of all pairs would be long; every seventh is enough to tell engines apart.
  return pairs.filter((_, index) => index % 7 === 0).map(textOf).join("\0");
}

/** Enough pairs that no engine learns them by heart, and few enough that all forms of them fit the cache. */
function pairsOf(splices: number, drawPair: () => [TextOp, number, TextOp, number]): Pair[] {
  return Array.from({ length: splices === 1 ? 1_000 : 20 }, () => {
    const [a, aLength, b, bLength] = drawPair();
    return {
      ours: [a, b],
      unicode: [unicodeOf(a), unicodeOf(b)],
      codemirror: [codemirrorOf(a, aLength), codemirrorOf(b, bLength)],
      otjs: [otjsOf(a, aLength), otjsOf(b, bLength)],
    };
  });
}

/**
 * What people and agents do: half insertions of a few characters, three tenths deletions, two tenths
 * replacements. Every other splice stands close to one of `near`, as edits of one sentence do.
 */
function drawSplices(draw: Draw, count: number, length: number, near: TextOp = []): TextOp {
  const splices: Splice[] = [];
  while (splices.length < count) {
    const kind = draw(0, 10);
    const insert = kind < 5 || kind >= 8 ? randomText(draw, draw(1, 9)) : "";
    const remove = kind < 5 ? 0 : draw(1, 9);
    let at = draw(0, length - remove + 1);
    if (near.length > 0 && draw(0, 2) === 0) {
      at = Math.max(0, Math.min(length - remove, near[draw(0, near.length)]!.at + draw(-8, 9)));
    }
    if (splices.some((other) => at <= other.at + other.remove && other.at <= at + remove)) continue;
    splices.push({ at, remove, insert });
  }
  return normalize(splices);
}

/** Whether an insertion of one stands at a place where engines may put it on either side of the other's. */
function meet(a: TextOp, b: TextOp): boolean {
  return a.some((one) =>
    b.some((other) =>
      one.insert !== "" && other.insert !== "" &&
      one.at <= other.at + other.remove && other.at <= one.at + one.remove
    )
  );
}

/** The splices of `op` at where their text stands afterwards. */
function shifted(op: TextOp): TextOp {
  let shift = 0;
  return op.map(({ at, remove, insert }) => {
    const moved = { at: at + shift, remove, insert };
    shift += insert.length - remove;
    return moved;
  });
}

function growth(op: TextOp): number {
  return op.reduce((sum, { remove, insert }) => sum + insert.length - remove, 0);
}

function unicodeOf(op: TextOp): UnicodeOp {
  const components: UnicodeOp = [];
  let position = 0;
  for (const { at, remove, insert } of op) {
    if (at > position) components.push(at - position);
    if (insert !== "") components.push(insert);
    if (remove > 0) components.push({ d: remove });
    position = at + remove;
  }
  return unicodeType.normalize(components);
}

function codemirrorOf(op: TextOp, length: number): ChangeSet {
  return ChangeSet.of(op.map(({ at, remove, insert }) => ({ from: at, to: at + remove, insert })), length);
}

function otjsOf(op: TextOp, length: number): OtjsOperation {
  const operation = new OtjsTextOperation();
  let position = 0;
  for (const { at, remove, insert } of op) {
    operation.retain(at - position).insert(insert).delete(remove);
    position = at + remove;
  }
  return operation.retain(length - position);
}

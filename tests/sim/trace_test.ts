import fc from "fast-check";
import { Text } from "../../ot/mod.ts";
import { codePointsIn, PairIndex, parseTrace, type Patch, TraceError } from "../../sim/trace.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

const sequential = { startContent: "", endContent: "", txns: [] as unknown[] };
const concurrent = { kind: "concurrent", endContent: "", numAgents: 2, txns: [] as unknown[] };
const typed = { parents: [], agent: 0, patches: [[0, 0, "a"]] };

/** What is said of a file that is no trace. */
function faultIn(file: unknown): string {
  const error = assertThrows(
    () => parseTrace(typeof file === "string" ? file : JSON.stringify(file)),
    TraceError,
  );
  assertEquals(error.code, "malformed_trace");
  return error.message;
}

Deno.test("parseTrace() reads a sequential trace as one agent whose every transaction follows the one before", () => {
  const trace = parseTrace(JSON.stringify({
    startContent: "ab",
    endContent: "aXb",
    using: "an editor",
    txns: [{ time: "now", patches: [[1, 0, "YX"]] }, { patches: [[1, 1, ""], [0, 0, ""]] }],
  }));
  assertEquals(trace, {
    kind: "sequential",
    startContent: "ab",
    endContent: "aXb",
    agents: 1,
    transactions: [
      { parents: [], agent: 0, patches: [[1, 0, "YX"]] },
      { parents: [0], agent: 0, patches: [[1, 1, ""], [0, 0, ""]] },
    ],
  });
});

Deno.test("parseTrace() reads a concurrent trace, which begins empty", () => {
  const trace = parseTrace(JSON.stringify({
    ...concurrent,
    endContent: "ab",
    txns: [typed, { parents: [0], agent: 1, time: "later", numChildren: 0, patches: [[1, 0, "b"]] }],
  }));
  assertEquals(trace, {
    kind: "concurrent",
    startContent: "",
    endContent: "ab",
    agents: 2,
    transactions: [typed, { parents: [0], agent: 1, patches: [[1, 0, "b"]] }] as typeof trace.transactions,
  });
});

Deno.test("parseTrace() names the place of what is wrong with a file", () => {
  assert(faultIn('{"txns": [').startsWith("the file is not JSON: "));
  assertEquals(faultIn([]), "the file [] is not an object");
  assertEquals(faultIn({}), "txns: nothing is not an array of transactions");
  assertEquals(faultIn({ ...sequential, endContent: 7 }), "endContent: 7 is not a text");
  assertEquals(faultIn({ ...sequential, startContent: null }), "startContent: null is not a text");
  assertEquals(
    faultIn({ ...sequential, endContent: "\ud83d" }),
    "endContent: the text holds half a surrogate pair",
  );
  assertEquals(
    faultIn({ ...sequential, kind: "tree" }),
    'kind: "tree" is neither "sequential" nor "concurrent"',
  );
  assertEquals(
    faultIn({ ...concurrent, startContent: "a" }),
    "startContent: a concurrent trace begins with an empty document",
  );
  assertEquals(faultIn({ ...concurrent, numAgents: 0 }), "numAgents: 0 is not from 1 to 1000");
  assertEquals(faultIn({ ...concurrent, numAgents: "2" }), 'numAgents: "2" is not a whole number from 0 on');
});

Deno.test("parseTrace() names the place of what is wrong with a transaction", () => {
  const fault = (txn: unknown) => faultIn({ ...concurrent, txns: [typed, txn] });
  assertEquals(fault(null), "txns[1]: null is not an object");
  assertEquals(fault({ ...typed, agent: 2 }), "txns[1].agent: there is no agent 2, only 0 to 1");
  assertEquals(fault({ ...typed, agent: -1 }), "txns[1].agent: -1 is not a whole number from 0 on");
  assertEquals(fault({ ...typed, parents: 0 }), "txns[1].parents: 0 is not an array of indices");
  assertEquals(
    fault({ ...typed, parents: [0, 1] }),
    "txns[1].parents[1]: 1 is not the index of an earlier transaction",
  );
  assertEquals(
    fault({ ...typed, parents: [0.5] }),
    "txns[1].parents[0]: 0.5 is not a whole number from 0 on",
  );
  assertEquals(fault({ ...typed, patches: {} }), "txns[1].patches: {} is not an array of patches");
  assertEquals(
    fault({ ...typed, patches: [[0, 0, ""], [0, 0]] }),
    "txns[1].patches[1]: [0,0] is not [position, removed, inserted]",
  );
  assertEquals(
    fault({ ...typed, patches: [[0, "x".repeat(100), ""]] }),
    `txns[1].patches[0][1]: "${"x".repeat(39)}… is not a whole number from 0 on`,
  );
  assertEquals(fault({ ...typed, patches: [[0, 0, 1]] }), "txns[1].patches[0][2]: 1 is not a text");
  assertEquals(
    fault({ ...typed, patches: [[0, 0, "\ude00"]] }),
    "txns[1].patches[0][2]: the text holds half a surrogate pair",
  );
});

Deno.test("parseTrace() counts code points, and refuses a sequential patch outside the text", () => {
  const fault = (...patches: Patch[]) =>
    faultIn({ ...sequential, startContent: "a😀b", txns: [{ patches: [[3, 0, "😀!"]] }, { patches }] });
  assertEquals(fault([6, 0, "x"]), "txns[1].patches[0]: position 6 is outside the text of 5 characters");
  assertEquals(
    fault([0, 3, ""], [1, 2, ""]),
    "txns[1].patches[1]: 2 characters from position 1 on are more than the text of 2 characters has",
  );
  parseTrace(
    JSON.stringify({ ...sequential, startContent: "a😀b", txns: [{ patches: [[3, 0, "x"], [4, 0, "y"]] }] }),
  );
});

Deno.test("codePointsIn() counts a surrogate pair once", () => {
  assertEquals(["", "abc", "😀", "a😀b🎉"].map(codePointsIn), [0, 3, 1, 4]);
});

const word = fc.string({ unit: fc.constantFrom("a", "é", "\n", "語", "😀", "🎉"), maxLength: 5 });
const edits = fc.array(fc.tuple(fc.nat(), fc.nat(6), word), { maxLength: 3 });

Deno.test("PairIndex.take() gives operations that do to code units what the patches do to code points", () => {
  fc.assert(fc.property(word, fc.array(edits, { maxLength: 8 }), (start, transactions) => {
    const index = new PairIndex(start);
    let points = [...start], text = Text.of(start);
    for (const transaction of transactions) {
      const patches = transaction.map(([place, count, insert]): Patch => {
        const at = place % (points.length + 1);
        const remove = Math.min(count, points.length - at);
        points = points.toSpliced(at, remove, ...insert);
        return [at, remove, insert];
      });
      text = text.apply(index.take(patches, 0));
      assertEquals(text.toString(), points.join(""));
    }
  }));
});

Deno.test("PairIndex.apply() follows edits of others", () => {
  const index = new PairIndex("a😀b😀c");
  // To "a😀XYZ🎉c": the last pair and what is before it are gone, another one has come.
  index.apply([{ at: 3, remove: 3, insert: "XYZ🎉" }]);
  assertEquals(index.take([[6, 1, "!"]], 0), [{ at: 8, remove: 1, insert: "!" }]);
});

Deno.test("PairIndex.take() refuses a patch outside the text, and names its place", () => {
  const index = new PairIndex("😀");
  const error = assertThrows(() => index.take([[0, 0, "a"], [3, 0, "b"]], 17), TraceError);
  assertEquals(error.message, "txns[17].patches[1]: position 3 is outside the text of 2 characters");
});

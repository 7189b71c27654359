import fc from "fast-check";
import { editReport, hunksOf, hunksReport, outcomeReport, treeReport } from "../../cli/client_report.ts";
import { difference, insert, remove, replace } from "../../ot/mod.ts";
import { assertEquals } from "../assert.ts";

Deno.test("editReport() says where and what was inserted, deleted and replaced", () => {
  const text = "Hello\nthere\n";
  assertEquals(editReport(text, insert(5, ", world")), '1:6  +", world"');
  assertEquals(editReport(text, remove(6, 6)), '2:1  -"there\\n"');
  assertEquals(editReport(text, replace(6, 1, "w")), '2:1  "t" → "w"');
});

Deno.test("editReport() counts the places that it does not tell", () => {
  const op = [0, 2, 4, 6, 8].map((at) => ({ at, remove: 0, insert: "x" }));
  assertEquals(editReport("abcdefghij", op), '1:1  +"x", 1:3  +"x", 1:5  +"x", and 2 more places');
});

Deno.test("hunksReport() shows changed lines as they were and as they are", () => {
  const before = "one\ntwo\nthree\nfour\n";
  const op = [{ at: 0, remove: 0, insert: "zero\n" }, { at: 8, remove: 5, insert: "3" }];
  assertEquals(hunksReport(hunksOf(before, op)), ["     1 + zero", "     3 - three", "     4 + 3"]);
});

Deno.test("hunksOf() puts two changes of one line into one hunk", () => {
  const op = [{ at: 0, remove: 1, insert: "A" }, { at: 2, remove: 1, insert: "C" }];
  assertEquals(hunksOf("abc\nd", op), [{ line: 1, before: ["abc"], after: ["AbC"] }]);
});

Deno.test("hunksReport() shows the start of a long hunk, and counts the rest", () => {
  const lines = hunksReport(hunksOf("", insert(0, "x\n".repeat(100))));
  assertEquals(lines.length, 9);
  assertEquals(lines[8], "       + … 92 more lines");
});

Deno.test("hunksOf() gives lines that make the text after out of the text before", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 12 });
  fc.assert(fc.property(text, text, (before, after) => {
    const lines = before.split("\n");
    const hunks = hunksOf(before, difference(before, after));
    for (const hunk of hunks.reverse()) {
      assertEquals(lines.splice(hunk.line - 1, hunk.before.length, ...hunk.after), [...hunk.before]);
    }
    assertEquals(lines.join("\n"), after);
  }));
});

Deno.test("treeReport() tells renames from moves, and creations from restorations", () => {
  const file = { directory: false, known: true };
  assertEquals(treeReport({ ...file, before: "a/x", after: "a/y" }), "renamed a/x to a/y");
  assertEquals(treeReport({ ...file, before: "a/x", after: "b/y" }), "moved a/x to b/y");
  assertEquals(treeReport({ ...file, before: "a x", after: undefined }), 'removed "a x"');
  assertEquals(treeReport({ ...file, before: undefined, after: "a" }), "restored a");
  assertEquals(treeReport({ ...file, before: "a", after: "a" }), "replaced a");
  assertEquals(treeReport({ ...file, before: "a", after: "a", executable: true }), "made a executable");
  assertEquals(
    treeReport({ before: undefined, after: "a", directory: true, known: false }),
    "created a/",
  );
});

Deno.test("outcomeReport() names the revision, and what came out differently", () => {
  const paths = new Map([["1:1", "notes (2).txt"], ["1:2", "x"], ["1:3", "y"]]);
  const report = outcomeReport({
    kind: "durable",
    revision: 7,
    timeMs: 0,
    notices: [
      { kind: "renamed", node: "1:1", name: "notes (2).txt" },
      { kind: "retargeted", node: "1:2", parent: "0:0" },
      { kind: "dropped", node: "1:2", reason: "cycle" },
      { kind: "dropped", node: "1:3", reason: "superseded" },
    ],
  }, (node) => paths.get(node)!);
  assertEquals(report.split("; "), [
    "revision 7",
    'the name was taken, it is "notes (2).txt" now',
    "the directory has been removed, it is x now",
    "x stays where it is, since the directory is within it by now",
    "y stays removed, since somebody else has removed it after you",
  ]);
});

Deno.test("outcomeReport() says why a change was refused", () => {
  const problem = { code: "text_too_long", message: "Split it." };
  const change = { steps: [], edits: [] };
  assertEquals(
    outcomeReport({ kind: "refused", problem, change }, () => ""),
    "refused: Split it. (text_too_long)",
  );
});

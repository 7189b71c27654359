/** The paper of the laboratory's judges. */

import fc from "fast-check";
import { Paper } from "../../sim/judges/paper.ts";
import { assertEquals } from "../assert.ts";

const edit = fc.record({ at: fc.nat(), remove: fc.nat(3000), insert: fc.string({ maxLength: 2500 }) });

Deno.test("a paper says what a string would, whatever is done to it", () => {
  fc.assert(fc.property(fc.array(edit, { maxLength: 12 }), fc.nat(), fc.nat(100), (edits, from, length) => {
    let paper = Paper.empty, text = "";
    const before: [Paper, string][] = [];
    for (const { at: place, remove: most, insert } of edits) {
      const at = place % (text.length + 1), remove = Math.min(most, text.length - at);
      text = text.slice(0, at) + insert + text.slice(at + remove);
      before.push([paper, paper.toString()]);
      paper = paper.edited(at, remove, insert);
      const start = from % (text.length + 1);
      assertEquals(paper.length, text.length);
      assertEquals(paper.slice(start, start + length), text.slice(start, start + length));
      assertEquals(paper.toString(), text);
    }
    for (const [paper, text] of before) assertEquals(paper.toString(), text);
  }));
});

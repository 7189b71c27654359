/**
 * What a change that waits depends on, while entries of others come in.
 *
 * @module
 */

import { conditionsAfter } from "../../../client/core/pending.ts";
import { type Change, editOf, emptyChange, insert, replace } from "../../../ot/mod.ts";
import type { Condition } from "../../../proto/mod.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("a change that waits stays apart from edits beside it, and not from one that it meets", () => {
  const since = (revision: number): Condition[] => [{ kind: "apart", node: "1:1", since: revision }];
  const waiting = { change: editOf("1:1", replace(2, 3, "x")), conditions: since(4) };
  const after = ({ edits }: Change, revision = 5) => conditionsAfter(waiting, edits, revision);
  assertEquals(after(editOf("1:1", insert(0, "y"))), since(5));
  assertEquals(after(editOf("1:2", insert(3, "y"))), since(5));
  assertEquals(after(editOf("1:1", insert(3, "y"))), since(4));
  assertEquals(after(editOf("1:1", replace(4, 2, ""))), since(4));
  // Once it has met one, it stays so.
  assertEquals(after(emptyChange, 6), since(4));
});

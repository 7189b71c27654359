/**
 * Submissions that are sequenced by hand.
 *
 * @module
 */

import { type Change, insert, replace, rootId } from "../../../ot/mod.ts";
import type { Condition } from "../../../proto/mod.ts";
import { defaultSettings } from "../../../server/core/mod.ts";
import { Sequencer } from "../../../server/core/sequencer.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("what is to be apart from others' edits is held against each of them, not the newest alone", () => {
  const sequencer = new Sequencer(defaultSettings);
  const seqs = new Map<number, number>();
  const does = (
    site: number,
    base: number,
    change: Partial<Change>,
    conditions: readonly Condition[] = [],
  ) => {
    const seq = (seqs.get(site) ?? 0) + 1;
    seqs.set(site, seq);
    const who = {
      session: `session ${site}`,
      site,
      participant: { name: `${site}`, kind: "human" },
    } as const;
    const verdict = sequencer.sequence(
      { ...who, seq, base, change: { steps: [], edits: [], ...change }, conditions, hash: seq },
      0,
    );
    if (verdict.kind === "entry") sequencer.commit();
    return verdict.kind === "refused" ? verdict.refusal.code : verdict.kind;
  };
  const create = { kind: "create", node: "1:1", parent: rootId, name: "a", type: "text" } as const;
  does(1, 0, { steps: [create], edits: [{ node: "1:1", op: insert(0, "abcdef") }] });
  does(2, 1, { edits: [{ node: "1:1", op: replace(0, 2, "AB") }] });
  does(3, 1, { edits: [{ node: "1:1", op: insert(6, "g") }] });
  const apart: Condition[] = [{ kind: "apart", node: "1:1", since: 1 }];
  assertEquals(
    does(1, 1, { edits: [{ node: "1:1", op: replace(1, 1, "x") }] }, apart),
    "precondition_failed",
  );
  assertEquals(does(1, 1, { edits: [{ node: "1:1", op: replace(3, 1, "x") }] }, apart), "entry");
});

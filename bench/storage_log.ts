/**
 * The history of a document as a log of entries, one change a keystroke, for the benchmarks of storage.
 *
 * @module
 */

import { type LogEntry, State } from "../server/core/mod.ts";
import { seeded } from "./random.ts";
import type { Trace } from "./trace.ts";

export const workspace = "paper";
const session = "3f8a1c6e90b24d75a1e2c3b4d5f60718";

/**
 * The entries that one person's typing comes to. The trace says nothing of time, so from a seed each keystroke
 * comes 60 to 300 milliseconds after the one before; the hashes of submissions are drawn too.
 */
export function entriesOf({ patches }: Trace): LogEntry[] {
  const draw = seeded(2026);
  let time = 1_700_000_000_000;
  const create = { kind: "create", node: "1:1", parent: "0:0", name: "paper.md", type: "text" } as const;
  const by = { session, site: 1, author: undefined, notices: [], sites: 0 };
  const entries: LogEntry[] = [
    {
      revision: 1,
      time,
      session: "",
      site: 0,
      seq: 0,
      author: undefined,
      change: { steps: [], edits: [] },
      notices: [],
      hash: 0,
      sites: 64,
    },
    {
      ...by,
      revision: 2,
      time,
      seq: 1,
      author: { name: "author", kind: "human" },
      change: { steps: [create], edits: [] },
      hash: 1,
    },
  ];
  for (const [at, remove, insert] of patches) {
    time += draw(60, 300);
    const hash = draw(0, 2 ** 31) * 2 ** 22 + draw(0, 2 ** 22);
    const revision = entries.length + 1;
    const change = { steps: [], edits: [{ node: "1:1", op: [{ at, remove, insert }] }] };
    entries.push({ ...by, revision, time, seq: revision - 1, change, hash });
  }
  return entries;
}

export function stateAt(entries: readonly LogEntry[], revision: number): State {
  let state = State.empty;
  for (const entry of entries.slice(0, revision)) state = state.apply(entry);
  return state;
}

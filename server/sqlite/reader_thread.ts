/**
 * The thread that reads and packs, so that neither the event loop nor those who append wait for it.
 *
 * @module
 */

import { beforeBlock, chainAt, newestCheckpoint } from "../format/mod.ts";
import { bundleOf } from "./bundle.ts";
import { hashOfName } from "./content.ts";
import { Database } from "./database.ts";
import { DataError } from "./errors.ts";
import type { LoadedWorkspace, ReaderCalls, Which } from "./messages.ts";
import type { Known } from "./known.ts";
import { Store } from "./store.ts";
import { answerWith } from "./thread.ts";
import { packNext, unneededContents } from "./upkeep.ts";

let db: Database, store: Store;

answerWith<ReaderCalls>({
  open: ({ path }) => {
    db = Database.open(path, { mode: "read" });
    store = new Store(db);
  },
  list: () =>
    db.snapshot(() =>
      store.workspaces().map(({ name, number }) => ({ name, revision: store.head(number).revision }))
    ),
  load: (name) =>
    db.snapshot(() => {
      const known = store.find(name);
      return known === undefined ? undefined : loaded(known);
    }),
  chainAt: ({ revision, ...which }) => of(which, (known) => chainAt(store.kept(known), revision)),
  packNext: (which) => of(which, (known) => packNext(store, known)),
  content: ({ hash, ...which }) => of(which, ({ number }) => store.content(number, hashOfName(hash))),
  unneededContents: (which) => of(which, (known) => unneededContents(store, known)),
  close: () => db.close(),
});

function of<Result>({ number, epoch }: Which, body: (known: Known) => Result): Result {
  return db.snapshot(() => {
    const known = store.byNumber(number);
    if (known?.epoch !== epoch) {
      throw new DataError("unknown_workspace", "The workspace is another one by now. Open it again.");
    }
    return body(known);
  });
}

/** Reads what there is. The entries are taken apart by whoever asked: to send them would take longer. */
function loaded(known: Known): LoadedWorkspace {
  const kept = store.kept(known);
  const beginning = newestCheckpoint(kept);
  const packed = kept.packedAfter(beforeBlock((beginning.checkpoint?.revision ?? 0) + 1));
  return { known, head: store.head(known.number), beginning, packed: bundleOf(packed) };
}

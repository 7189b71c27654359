/**
 * The thread that answers questions.
 *
 * @module
 */

import { assert } from "../../ot/mod.ts";
import { type AnswerPiece, piecesOf, RecentHistory } from "../history/mod.ts";
import type { HistorianCalls } from "./historian.ts";
import { SqliteReader } from "./reader.ts";
import { answerWith } from "./thread.ts";

/** Who has asked about a workspace may ask again: it stays open until so many others were asked about. */
const openMax = 8;

interface Open {
  readonly reader: SqliteReader;
  readonly epoch: string;
  readonly history: RecentHistory;
}

let folder: string;
/** Those asked about last come last. */
const opened = new Map<string, Open>();
const answers = new Map<number, Generator<AnswerPiece, void>>();

answerWith<HistorianCalls>({
  open: (options) => {
    folder = options.folder;
  },
  begin: ({ answer, workspace, query, scope }) => {
    answers.set(answer, piecesOf(query, historyOf(workspace), scope));
    return next(answer);
  },
  more: next,
  end: (answer) => {
    answers.delete(answer);
  },
  close: () => {
    for (const { reader } of opened.values()) reader.close();
  },
});

function next(answer: number): AnswerPiece {
  const { value } = answers.get(answer)!.next();
  assert(value !== undefined, "an answer goes on until its last piece");
  if (value.last) answers.delete(answer);
  return value;
}

function historyOf(workspace: string): RecentHistory {
  let open = opened.get(workspace);
  opened.delete(workspace);
  // A workspace that was put back, purged or made anew has another past.
  if (open === undefined || open.reader.epoch !== open.epoch) {
    const reader = open?.reader ?? new SqliteReader(folder, workspace);
    open = { reader, epoch: reader.epoch, history: new RecentHistory(reader) };
  }
  opened.set(workspace, open);
  for (const [name, { reader }] of opened) {
    // Those whose answers go on would be left without their reader.
    if (opened.size <= openMax || answers.size > 0) break;
    reader.close();
    opened.delete(name);
  }
  return open.history;
}

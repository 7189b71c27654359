/**
 * A document's editing history, one patch per keystroke: the recorded automerge-paper trace where the
 * repository has it beside it, else one of the same shape made from a seed (people type in runs, go back a
 * little, delete what they just typed, and now and then jump elsewhere).
 *
 * @module
 */

import { readTrace } from "../cli/replay_file.ts";
import type { Patch } from "../sim/trace.ts";
import { randomText, seeded } from "./random.ts";

export interface Trace {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** What the trace itself says the text is at the end. */
  readonly endContent: string;
}

const recorded = new URL("../../shared/traces/automerge-paper.json.gz", import.meta.url).pathname;

/** The recorded trace; or the made one, with the reason why not the recorded one. */
export async function editingTrace(): Promise<{ trace: Trace; skipped?: string }> {
  try {
    const { endContent, transactions } = await readTrace(recorded);
    const patches = transactions.flatMap(({ patches }) => patches);
    return { trace: { name: "automerge-paper", patches, endContent } };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return {
      trace: madeTrace(260_000),
      skipped: "automerge-paper is skipped: ../shared/traces/automerge-paper.json.gz is not there; " +
        "a made trace of similar shape stands in for it",
    };
  }
}

/** A trace of `count` single-character edits from a fixed seed. */
export function madeTrace(count: number): Trace {
  const draw = seeded(2024);
  const typed = randomText(draw, count);
  const patches: Patch[] = [];
  let text = "", at = 0;
  // The text so far is kept in pieces of bounded size, so that making the trace is not a benchmark of its own.
  const pieces: string[] = [""];
  const edit = (from: number, remove: number, insert: string) => {
    patches.push([from, remove, insert]);
    let i = 0;
    while (i < pieces.length - 1 && from > pieces[i]!.length) from -= pieces[i++]!.length;
    if (from + remove > pieces[i]!.length) pieces.splice(i, 2, pieces[i]! + (pieces[i + 1] ?? ""));
    const piece = pieces[i]!.slice(0, from) + insert + pieces[i]!.slice(from + remove);
    if (piece.length < 2048) pieces[i] = piece;
    else pieces.splice(i, 1, piece.slice(0, 1024), piece.slice(1024));
  };
  let length = 0;
  while (patches.length < count) {
    const jump = draw(0, 100);
    if (jump < 30) at = Math.min(length, Math.max(0, at + draw(-200, 200)));
    else if (jump < 35) at = draw(0, length + 1);
    for (let run = draw(1, 60); run > 0 && patches.length < count; run--) {
      if (draw(0, 4) === 0 && at > 0) {
        edit(--at, 1, "");
        length--;
      } else {
        edit(at++, 0, typed[patches.length]!);
        length++;
      }
    }
  }
  text = pieces.join("");
  return { name: "made trace", patches, endContent: text };
}

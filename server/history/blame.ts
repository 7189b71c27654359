/**
 * Who wrote what of a file.
 *
 * Beside the file a second text is kept, with the same edits, of which each code unit says who wrote the one at its
 * place. So it costs as much as the edits themselves, however long the file is, and moves of it cost nothing. A code unit
 * holds 16 bits, so there are two of these texts.
 *
 * @module
 */

import { type NodeId, opOn, Text, type TextOp } from "../../ot/mod.ts";
import type { HistorySource } from "./source.ts";
import { stateAt } from "./moment.ts";

/** Somebody's edit. */
export interface Touch {
  readonly revision: number;
  readonly time: number;
  /** 0 for what was there before. */
  readonly site: number;
}

/** Code units that one edit wrote. */
export interface Run {
  readonly length: number;
  readonly touch: Touch;
}

export interface BlamedLine {
  /** With its end. */
  readonly text: string;
  /** Who wrote it, from its start to its end. */
  readonly runs: readonly Run[];
  /** The newest of them. */
  readonly newest: Touch;
}

/**
 * The lines of a file at revision `to`, and who wrote each.
 *
 * @param from What is older is of this revision, and nobody's.
 */
export function* blame(
  source: HistorySource,
  file: NodeId,
  from: number,
  to: number,
): Generator<BlamedLine> {
  const start = stateAt(source, from);
  const origin = new Origin({ revision: from, time: start.time, site: 0 }, start.workspace.text(file));
  for (const { revision, time, site, change } of source.entries(from, to)) {
    const op = opOn(change.edits, file);
    if (op !== undefined) origin.apply(op, { revision, time, site });
  }
  yield* origin.lines();
}

class Origin {
  #text: Text;
  /** The number of the touch that each code unit is of, in two halves. */
  #low: Text;
  #high: Text;
  readonly #touches: Touch[];

  constructor(first: Touch, text: Text) {
    this.#text = text;
    this.#touches = [first];
    this.#low = this.#high = Text.of("\0".repeat(text.length));
  }

  apply(op: TextOp, touch: Touch): void {
    const number = this.#touches.push(touch) - 1;
    this.#text = this.#text.apply(op);
    this.#low = this.#low.apply(numbered(op, number & 0xffff));
    this.#high = this.#high.apply(numbered(op, number >>> 16));
  }

  *lines(): Generator<BlamedLine> {
    const text = this.#text.toString(), low = this.#low.toString(), high = this.#high.toString();
    const touchAt = (at: number) => this.#touches[high.charCodeAt(at) << 16 | low.charCodeAt(at)]!;
    for (let at = 0; at < text.length;) {
      const lineEnd = text.indexOf("\n", at), end = lineEnd < 0 ? text.length : lineEnd + 1;
      const runs: Run[] = [];
      let newest = touchAt(at);
      for (let from = at; from < end;) {
        const touch = touchAt(from);
        let to = from + 1;
        while (to < end && touchAt(to) === touch) to++;
        runs.push({ length: to - from, touch });
        if (touch.revision > newest.revision) newest = touch;
        from = to;
      }
      yield { text: text.slice(at, end), runs, newest };
      at = end;
    }
  }
}

/** The same edit of a text in which each code unit is a number. */
function numbered(op: TextOp, number: number): TextOp {
  const unit = String.fromCharCode(number);
  return op.map(({ at, remove, insert }) => ({ at, remove, insert: unit.repeat(insert.length) }));
}

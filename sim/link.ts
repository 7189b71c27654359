/**
 * A connection as TCP and WebSocket are: two streams of bytes. Inside one nothing is lost, repeated or reordered; it
 * is late, it stalls, it arrives in other pieces than it was sent in, it is cut at any byte, or one end believes in
 * it when the other has gone.
 *
 * @module
 */

import { joined } from "../proto/mod.ts";
import type { Stream } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** How the streams of one client's connections behave: integers, as in everything that a seed decides. */
export interface Quality {
  /** Of one way, in microseconds: drawn from this table, so one long entry makes a spike. */
  readonly latencyUs: readonly number[];
  /** Bytes per second; 0 for no limit. */
  readonly bandwidth: number;
  /** How many bytes may be on their way before the sender has to wait. */
  readonly windowBytes: number;
  /** Into how many pieces what is sent at once falls at most; 0 for a byte at a time. */
  readonly pieces: number;
}

/** Who is at the end of a pipe. */
export interface PipeEnd {
  arrived(bytes: Uint8Array): void;
  /** The stream is over: everything before has arrived. */
  over(): void;
}

/** One direction. */
export class Pipe {
  readonly #scheduler: Scheduler;
  readonly #draws: Stream;
  readonly #line: { readonly quality: Quality };
  readonly #end: PipeEnd;
  /** Tells the sender that it may send more. */
  readonly #drained: () => void;
  /** What is on its way, from `#first` on; the end of the stream has no bytes. */
  #pieces: { readonly atUs: number; readonly bytes: Uint8Array | undefined }[] = [];
  #first = 0;
  #bytes = 0;
  /** When the last piece arrives: none is faster than the one before. */
  #lastUs = 0;
  /** When the line has carried what was given to it. */
  #freeUs = 0;
  #stalledUntilUs = 0;
  #scheduled = false;
  #waiting = false;
  #dead = false;

  constructor(
    scheduler: Scheduler,
    draws: Stream,
    line: { readonly quality: Quality },
    end: PipeEnd,
    drained: () => void,
  ) {
    this.#scheduler = scheduler;
    this.#draws = draws;
    this.#line = line;
    this.#end = end;
    this.#drained = drained;
  }

  /** How many bytes are on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what a sender gives, and tells it when it may give more. */
  send(bytes: Uint8Array): void {
    if (this.#dead) return;
    const { pieces, windowBytes } = this.#line.quality;
    if (pieces === 1 || bytes.length < 2) this.#put(bytes);
    else if (pieces === 0 && bytes.length <= bytewiseMax) {
      for (let at = 0; at < bytes.length; at++) this.#put(bytes.subarray(at, at + 1));
    } else {
      let from = 0;
      for (let cuts = this.#draws.int(0, Math.max(1, pieces) - 1); cuts > 0 && from < bytes.length; cuts--) {
        const to = this.#draws.int(from, bytes.length);
        if (to > from) this.#put(bytes.subarray(from, to));
        from = to;
      }
      if (from < bytes.length) this.#put(bytes.subarray(from));
    }
    this.#waiting = true;
    if (this.#bytes <= windowBytes) {
      // Where nothing else is unusual either, the transport takes it at once.
      const drain = () => this.#drain();
      if (pieces === 1) this.#scheduler.soon(drain);
      else this.#scheduler.at(this.#scheduler.nowUs, this.#draws.word(), drain);
    }
  }

  /** Ends the stream behind what is on its way. */
  finish(): void {
    if (!this.#dead) this.#put(undefined);
  }

  /** Breaks the stream: up to `bytes` more arrive at once, the rest never. */
  cut(bytes: number): void {
    if (this.#dead) return;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (; this.#first < this.#pieces.length && length < bytes; this.#first++) {
      const piece = this.#pieces[this.#first]!.bytes;
      if (piece === undefined) break;
      parts.push(piece.subarray(0, bytes - length));
      length += piece.length;
    }
    this.#dead = true;
    this.#pieces = [];
    this.#bytes = 0;
    if (parts.length > 0) this.#end.arrived(joined(parts));
  }

  /** Nothing arrives until then; then everything at once. Infinity: until it is told otherwise. */
  stall(untilUs: number): void {
    this.#stalledUntilUs = untilUs;
    this.#schedule();
  }

  #put(bytes: Uint8Array | undefined): void {
    const { latencyUs, bandwidth } = this.#line.quality;
    const { nowUs } = this.#scheduler;
    const length = bytes?.length ?? 0;
    if (bandwidth > 0) {
      this.#freeUs = Math.max(this.#freeUs, nowUs) + Math.ceil((length * 1_000_000) / bandwidth);
    }
    const sent = Math.max(nowUs, this.#freeUs);
    this.#lastUs = Math.max(this.#lastUs, sent + this.#draws.pick(latencyUs));
    this.#pieces.push({ atUs: this.#lastUs, bytes });
    this.#bytes += length;
    this.#schedule();
  }

  #schedule(): void {
    const next = this.#pieces[this.#first];
    if (this.#scheduled || this.#dead || next === undefined || this.#stalledUntilUs === Infinity) return;
    this.#scheduled = true;
    this.#scheduler.at(Math.max(next.atUs, this.#stalledUntilUs), this.#draws.word(), () => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#dead) return;
    const { nowUs } = this.#scheduler;
    if (nowUs < this.#stalledUntilUs) return this.#schedule();
    let over = false;
    let one: Uint8Array | undefined, several: Uint8Array[] | undefined;
    for (; this.#first < this.#pieces.length && this.#pieces[this.#first]!.atUs <= nowUs; this.#first++) {
      const { bytes } = this.#pieces[this.#first]!;
      if (bytes === undefined) over = true;
      else if (one === undefined) one = bytes;
      else (several ??= [one]).push(bytes);
    }
    if (this.#first === this.#pieces.length) {
      this.#pieces = [];
      this.#first = 0;
    }
    const bytes = several === undefined ? one : joined(several);
    if (bytes !== undefined) {
      this.#bytes -= bytes.length;
      this.#end.arrived(bytes);
      if (this.#dead) return;
    }
    if (over) {
      this.#dead = true;
      this.#end.over();
      return;
    }
    if (this.#bytes <= this.#line.quality.windowBytes) this.#drain();
    this.#schedule();
  }

  #drain(): void {
    if (!this.#waiting || this.#dead) return;
    this.#waiting = false;
    this.#drained();
  }
}

/** What is sent at once falls into single bytes up to this length: a longer one would take for ever. */
const bytewiseMax = 400;

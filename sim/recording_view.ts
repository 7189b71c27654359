/**
 * A place in a recording, and what there is to be seen at it: the log, the connections, the clients.
 *
 * @module
 */

import type { RecordLine } from "./recording.ts";
import { RecordingLog } from "./recording_log.ts";
import type { Recording } from "./recording_reader.ts";
import { type Replayed, Replayer } from "./recording_replayer.ts";
import { RecordingTraffic, type Said } from "./recording_traffic.ts";

/** A record that has been replayed, with the messages in its bytes. */
export interface Moment extends Replayed {
  readonly said: readonly Said[];
}

export class RecordingView {
  readonly recording: Recording;
  #replayer!: Replayer;
  #log!: RecordingLog;
  #traffic!: RecordingTraffic;
  #last: Moment | undefined;

  constructor(recording: Recording) {
    this.recording = recording;
    this.#restart();
  }

  get replayer(): Replayer {
    return this.#replayer;
  }

  get log(): RecordingLog {
    return this.#log;
  }

  get traffic(): RecordingTraffic {
    return this.#traffic;
  }

  /** How many records have been replayed. */
  get position(): number {
    return this.#replayer.position;
  }

  /** The record that was replayed last. */
  get last(): Moment | undefined {
    return this.#last;
  }

  /** Microseconds from the beginning of the recording to the last record. */
  get atUs(): number {
    return this.#last === undefined ? 0 : this.timeOf(this.#last.record);
  }

  timeOf({ input }: RecordLine): number {
    return input.nowUs - this.recording.header.startedUs;
  }

  /** Replays the next record; undefined if there is none. */
  next(): Moment | undefined {
    const replayed = this.#replayer.next();
    if (replayed === undefined) return undefined;
    const { record: { on, input }, outputs, begun } = replayed;
    for (const node of begun) this.#traffic.begin(node);
    this.#log.take(on, input, outputs);
    const isServer = this.#replayer.cores.get(on)!.kind === "server";
    const said = this.#traffic.take(on, isServer, input, outputs);
    return this.#last = { ...replayed, said };
  }

  /** Goes to right behind record `n`, or to the end if there are not so many. */
  jump(n: number): void {
    // The state before cannot be told from the state behind: what is behind us is replayed again.
    if (n < this.position) this.#restart();
    while (this.position < n && this.next() !== undefined);
  }

  /** Goes on to where the workspace has reached a revision. False if it never does: then this is the end. */
  jumpToRevision(workspace: string, revision: number): boolean {
    if (this.#log.revision(workspace) >= revision) this.#restart();
    while (this.#log.revision(workspace) < revision) if (this.next() === undefined) return false;
    return true;
  }

  /** Goes to behind the last record before a time, in microseconds from the beginning. */
  jumpToTime(us: number): void {
    let n = 0;
    for (const line of this.recording.lines) {
      if (!("n" in line)) continue;
      if (this.timeOf(line) > us) break;
      n = line.n;
    }
    this.jump(n);
  }

  #restart(): void {
    this.#replayer = new Replayer(this.recording);
    this.#log = new RecordingLog();
    this.#traffic = new RecordingTraffic();
    this.#last = undefined;
  }
}

/**
 * What the log of each workspace holds at a moment of a recording, and so what the workspace was at every revision:
 * put together from what servers loaded and appended, without asking any core.
 *
 * @module
 */

import { type LogEntry, State } from "../server/core/mod.ts";
import type { AnyInput, AnyOutput, NodeName } from "./recording.ts";
import { RecordingRevisions } from "./recording_revisions.ts";

export class RecordingLog {
  readonly #revisions = new RecordingRevisions();
  readonly #logs = new Map<string, KnownLog>();

  take(on: NodeName, input: AnyInput, outputs: readonly AnyOutput[]): void {
    const grown = this.#revisions.take(on, input, outputs);
    if (grown === undefined) return;
    const { workspace, epoch, checkpoint, entries } = grown;
    let log = this.#logs.get(workspace);
    if (log === undefined || epoch !== undefined) {
      const base = checkpoint === undefined ? State.empty : State.restore(checkpoint);
      this.#logs.set(workspace, log = { epoch: epoch ?? "", base, entries: [], state: base });
    }
    for (const entry of entries) {
      log.entries.push(entry);
      log.state = log.state.apply(entry);
    }
  }

  /** The names of all workspaces that were opened, in the order in which they were. */
  get workspaces(): string[] {
    return [...this.#logs.keys()];
  }

  /** The newest durable revision; 0 of a workspace that is not open. */
  revision(workspace: string): number {
    return this.#logs.get(workspace)?.state.revision ?? 0;
  }

  /** The epoch that it was loaded under; undefined of a workspace that is not open. */
  epoch(workspace: string): string | undefined {
    return this.#logs.get(workspace)?.epoch;
  }

  /** The oldest revision that is known: that of the state which was loaded first. */
  floor(workspace: string): number {
    return this.#logs.get(workspace)?.base.revision ?? 0;
  }

  /** Those after the floor. */
  entries(workspace: string): readonly LogEntry[] {
    return this.#logs.get(workspace)?.entries ?? [];
  }

  /** The workspace as the log has it at `revision`, which is not below the floor, or at its newest. */
  state(workspace: string, revision: number = this.revision(workspace)): State {
    const log = this.#logs.get(workspace);
    if (log === undefined) return State.empty;
    if (revision === log.state.revision) return log.state;
    let state = log.base;
    for (let i = 0; state.revision < revision; i++) state = state.apply(log.entries[i]!);
    return state;
  }
}

interface KnownLog {
  readonly epoch: string;
  readonly base: State;
  readonly entries: LogEntry[];
  state: State;
}

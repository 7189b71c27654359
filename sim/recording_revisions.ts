/**
 * Follows what becomes durable, by what servers hand to their log and what it answers.
 *
 * @module
 */

import type { LogEntry, SavedState } from "../server/core/mod.ts";
import type { AnyInput, AnyOutput, NodeName } from "./recording.ts";

/** What a log has been seen to hold more, or anew. */
export interface Grown {
  readonly workspace: string;
  /** Set if this is all that is needed of the log: it was loaded. */
  readonly epoch?: string;
  /** What the entries come after, if they do not begin with revision 1. */
  readonly checkpoint?: SavedState;
  readonly entries: readonly LogEntry[];
}

export class RecordingRevisions {
  /** The append that is outstanding, by node and workspace. */
  readonly #outstanding = new Map<string, readonly LogEntry[]>();
  readonly #revisions = new Map<string, number>();
  readonly #epochs = new Map<string, string>();

  /** The newest durable revision of each workspace that was opened. */
  get all(): ReadonlyMap<string, number> {
    return this.#revisions;
  }

  /** Takes one record; gives what the log holds more because of it. */
  take(on: NodeName, input: AnyInput, outputs: readonly AnyOutput[]): Grown | undefined {
    const grown = this.#grown(on, input);
    for (const output of outputs) {
      if (output.kind === "append") this.#outstanding.set(`${on}/${output.workspace}`, output.entries);
    }
    return grown;
  }

  #grown(on: NodeName, input: AnyInput): Grown | undefined {
    switch (input.kind) {
      case "loaded": {
        const { workspace, epoch, checkpoint, entries } = input;
        // Another server reads what is known; a log that has lost something says so by its epoch.
        if (this.#epochs.get(workspace) === epoch) return this.#newer(workspace, entries);
        this.#epochs.set(workspace, epoch);
        this.#revisions.set(workspace, entries[entries.length - 1]?.revision ?? checkpoint?.revision ?? 0);
        return { workspace, epoch, entries, ...(checkpoint !== null && { checkpoint }) };
      }
      case "appended": {
        const key = `${on}/${input.workspace}`;
        const entries = this.#outstanding.get(key) ?? [];
        this.#outstanding.delete(key);
        return this.#newer(input.workspace, entries);
      }
      case "append_failed":
        this.#outstanding.delete(`${on}/${input.workspace}`);
        return this.#newer(input.workspace, input.won ?? []);
      case "changed":
        return this.#newer(input.workspace, input.entries ?? []);
    }
  }

  /** Of entries that follow each other: those that are news. */
  #newer(workspace: string, entries: readonly LogEntry[]): Grown | undefined {
    const revision = this.#revisions.get(workspace) ?? 0;
    const news = entries.filter((entry) => entry.revision > revision);
    if (news.length === 0) return undefined;
    this.#revisions.set(workspace, news[news.length - 1]!.revision);
    return { workspace, entries: news };
  }
}

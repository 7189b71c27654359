/**
 * The log of a workspace as it is seen: by those who see everything, and in each scope by those who see a part; and the
 * bytes of that, which all who see the same share.
 *
 * A view begins where somebody first reads in its scope, follows what is sequenced from then on, and goes when no session
 * has that scope any more.
 *
 * @module
 */

import { assert, type NodeId, type Workspace } from "../../ot/mod.ts";
import { EntryFrames } from "./entry_frames.ts";
import { Scope } from "./rights.ts";
import { type SavedScopedLog, ScopedLog } from "./scoped_log.ts";
import type { Sequencer } from "./sequencer.ts";
import type { LogEntry } from "./state.ts";

/** The log as it is seen in one scope, and the bytes of that. */
export interface View {
  readonly log: ScopedLog;
  readonly frames: EntryFrames;
}

export class Views {
  readonly #sequencer: Sequencer;
  readonly #sendBytesMax: number;
  /** What those read who see everything. */
  readonly #whole: EntryFrames;
  /** The views of those who see a part, by the key of their scope, and in the order of these. */
  readonly #parts = new Map<string, View>();

  constructor(sequencer: Sequencer, sendBytesMax: number) {
    this.#sequencer = sequencer;
    this.#sendBytesMax = sendBytesMax;
    this.#whole = new EntryFrames(sequencer, sendBytesMax);
  }

  /** From now on somebody reads in a scope. Views are in the order of their keys, whoever came first. */
  add(scope: Scope): void {
    if (scope.isEverything || this.#parts.has(scope.key)) return;
    const { revision, workspace } = this.#sequencer.durable;
    const all = [...this.#parts.values(), this.#made(scope, revision, workspace)];
    this.#parts.clear();
    all.sort(({ log: a }, { log: b }) => a.scope.key < b.scope.key ? -1 : 1);
    for (const one of all) this.#parts.set(one.log.scope.key, one);
  }

  /** Nobody has another scope than these any more. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#parts.keys()) if (!keys.has(key)) this.#parts.delete(key);
  }

  /** How the log is seen in a scope that somebody has, and that is not everything. */
  of({ key }: Scope): View {
    const view = this.#parts.get(key);
    assert(view !== undefined, "somebody reads in the scope");
    return view;
  }

  framesFor(scope: Scope): EntryFrames {
    return scope.isEverything ? this.#whole : this.of(scope).frames;
  }

  /** Where reading in a scope can go on from. */
  floorOf(scope: Scope): number {
    if (scope.isEverything) return this.#sequencer.floor;
    return this.#parts.get(scope.key)?.log.floor ?? this.#sequencer.durable.revision;
  }

  /** Takes in an entry that has been sequenced, or read, and led from `before` to the head. */
  follow({ change }: LogEntry, before: Workspace): void {
    const { workspace } = this.#sequencer.head;
    for (const { log } of this.#parts.values()) log.follow(change, before, workspace);
  }

  /** The nodes that somebody has come to see by the durable entries after a revision. */
  enteredAfter(before: number): Set<NodeId> {
    const nodes = new Set<NodeId>();
    for (const { log } of this.#parts.values()) {
      for (let revision = before + 1; revision <= this.#sequencer.durable.revision; revision++) {
        for (const node of log.sighting(revision).entered) nodes.add(node);
      }
    }
    return nodes;
  }

  /** What came after `revision` was sequenced, and did not get into the log. */
  rollBack(revision: number): void {
    for (const { log } of this.#parts.values()) log.rollBack(revision);
  }

  /** Lets go of what the sequencer has let go of. */
  trim(): void {
    for (const { log } of this.#parts.values()) log.trim(this.#sequencer.floor);
  }

  /**
   * Keeps each view within a weight of its own.
   *
   * @param endBehind is told of the readers of which scope none may still need what came up to a revision.
   */
  bound(weightMax: number, endBehind: (scopeKey: string, floor: number) => void): void {
    for (const [key, { log }] of this.#parts) {
      if (log.weight <= 2 * weightMax) continue;
      const floor = Math.min(this.#sequencer.durable.revision, log.floorFor(weightMax));
      endBehind(key, floor);
      log.trim(floor);
    }
  }

  /** The durable revision has moved on: encoded entries that nobody is close to go. */
  forgetOld(): void {
    this.#whole.forgetOld();
    for (const { frames } of this.#parts.values()) frames.forgetOld();
  }

  /** What has been sequenced after `floor`, in which there was `workspace`, is in it from the start. */
  #made(scope: Scope, floor: number, workspace: Workspace): View {
    const sequencer = this.#sequencer, log = new ScopedLog(scope, floor);
    for (let revision = floor + 1; revision <= sequencer.head.revision; revision++) {
      const { change } = sequencer.entry(revision), before = workspace;
      workspace = workspace.apply(change);
      log.follow(change, before, workspace);
    }
    return { log, frames: new EntryFrames(sequencer, this.#sendBytesMax, log) };
  }

  save(): SavedScopedLog[] {
    return [...this.#parts.values()].map(({ log }) => log.save());
  }

  /** What a view says follows from the log. */
  restore(saved: readonly SavedScopedLog[]): void {
    const states = this.#sequencer.statesAt(new Set(saved.map(({ floor }) => floor)));
    for (const { scope, floor } of saved) {
      this.#parts.set(scope, this.#made(Scope.ofKey(scope), floor, states.get(floor)!.workspace));
    }
  }
}

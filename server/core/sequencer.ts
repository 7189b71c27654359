/**
 * The sequencer of one workspace: puts submitted changes into one order.
 *
 *                     durable           head
 *     entries  1 … n    │  n+1 … m       │
 *              stored,  │  handed to the │  what comes next is sequenced
 *              known to │  log, shown to │  on this state
 *              everyone │  nobody        │
 *
 * A change names the revision that it was made on. Its edits are transformed over the entries since, file by
 * file: each file has a history of its own, so that a busy one does not slow down the others. Its tree steps are
 * resolved against the head. What comes of it becomes an entry.
 *
 * @module
 */

import {
  assert,
  type Change,
  type Edit,
  editsAreNormal,
  faultOf,
  growthOf,
  type NodeId,
  opOn,
  resolve,
  Text,
  type TextOp,
  transform,
} from "../../ot/mod.ts";
import { codes, type Participant, type RefusalCode, type SessionId } from "../../proto/mod.ts";
import type { Settings } from "./settings.ts";
import { type LogEntry, State } from "./state.ts";

/** A change as a client sent it. */
export interface Submission {
  readonly session: SessionId;
  readonly site: number;
  readonly participant: Participant;
  readonly seq: number;
  /** The revision it was made on. */
  readonly base: number;
  readonly change: Change;
  /** Of its payload. */
  readonly hash: number;
}

/** Why a change took no effect. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly nodes: readonly NodeId[];
}

/** What a submission comes to: an entry, the entry that it became earlier, or a refusal. */
export type Verdict =
  | { readonly kind: "entry"; readonly entry: LogEntry }
  | { readonly kind: "duplicate"; readonly entry: LogEntry }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** One edit in a file's history. */
export interface PastEdit {
  readonly revision: number;
  readonly site: number;
  readonly op: TextOp;
}

export class Sequencer {
  readonly #settings: Settings;
  #durable: State = State.empty;
  #head: State = State.empty;
  /** `#entries[i]` made revision `#floor + i + 1`; up to the head. */
  #entries: LogEntry[] = [];
  /** The revision before the oldest entry that is still here. */
  #floor = 0;
  readonly #histories = new Map<NodeId, PastEdit[]>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** What everybody may know. */
  get durable(): State {
    return this.#durable;
  }

  /** What the next submission is sequenced on. */
  get head(): State {
    return this.#head;
  }

  /** The oldest revision that a change may still be made on. */
  get floor(): number {
    return this.#floor;
  }

  /** The entry that made `revision`, which is above the floor and not above the head. */
  entry(revision: number): LogEntry {
    const entry = this.#entries[revision - this.#floor - 1];
    assert(entry !== undefined, `entry ${revision} is kept (${this.#floor}, ${this.#head.revision}]`);
    return entry;
  }

  /** The edits of one file by the entries after `revision`, oldest first. */
  editsSince(node: NodeId, revision: number): readonly PastEdit[] {
    const history = this.#histories.get(node);
    if (history === undefined) return [];
    // Most changes are made on a recent revision: look from the end.
    let first = history.length;
    while (first > 0 && history[first - 1]!.revision > revision) first--;
    return first === 0 ? history : history.slice(first);
  }

  /** Takes in an entry of the log: at the start, or because another server's append won. */
  take(entry: LogEntry): void {
    assert(this.#durable === this.#head, "nothing is sequenced ahead when the log is read");
    this.#push(entry);
    this.#durable = this.#head;
  }

  /** Gives a submission its place after the head, at `time` milliseconds since 1970. */
  sequence(submission: Submission, time: number): Verdict {
    const { session, site, seq, base, change } = submission;
    const record = this.#head.sessions.get(session);
    if (record !== undefined && seq <= record.last.seq) {
      if (seq === record.last.seq && record.last.hash === submission.hash) {
        return { kind: "duplicate", entry: record.last };
      }
      return refused("session_forked");
    }
    if (base > this.#durable.revision) {
      return refused(
        "future_base",
        [],
        `The base revision ${base} is above the newest, ${this.#durable.revision}`,
      );
    }
    if (base < this.#floor) {
      return refused(
        "base_too_old",
        [],
        `The history begins after revision ${this.#floor}, the base is ${base}`,
      );
    }
    // One's own entries are never transformed over: whoever has one in flight waits for it.
    if (record !== undefined && base < record.last.revision) return refused("change_in_flight");
    if (!editsAreNormal(change.edits)) return refused("not_normal", change.edits.map(({ node }) => node));

    const { workspace } = this.#head;
    const resolution = resolve(change.steps, workspace, { site, counter: record?.counter ?? 0 });
    if ("fault" in resolution) return refused(resolution.fault, [resolution.node], resolution.message);
    const created = new Set<NodeId>();
    for (const step of resolution.steps) if (step.kind === "create") created.add(step.node);
    if (created.size > 0 && workspace.size + created.size > this.#settings.nodesMax) {
      return refused("too_many_nodes", [...created]);
    }

    const edits: Edit[] = [];
    let growth = 0;
    for (const { node, op: meant } of change.edits) {
      let text = Text.empty;
      if (!created.has(node)) {
        const kind = workspace.node(node)?.kind;
        if (kind === undefined) return refused("unknown_node", [node], `There is no node ${node}`);
        if (kind !== "text") return refused("not_a_file", [node]);
        text = workspace.text(node);
      } else if (
        change.steps.some((step) => step.kind === "create" && step.node === node && step.type !== "text")
      ) {
        return refused("not_a_file", [node]);
      }
      let op = meant;
      for (const past of this.editsSince(node, base)) {
        // Of two insertions at one place the lower site stays left; on one site, the earlier entry.
        op = transform(op, past.op, site < past.site ? "left" : "right");
      }
      const fault = faultOf(op, text);
      if (fault !== undefined) return refused(fault, [node]);
      const longer = growthOf(op);
      if (longer > 0 && text.length + longer > this.#settings.textLengthMax) {
        return refused("text_too_long", [node]);
      }
      growth += longer;
      if (op.length > 0) edits.push({ node, op });
    }
    if (growth > 0 && workspace.textLength + growth > this.#settings.workspaceLengthMax) {
      return refused("workspace_full");
    }

    const entry: LogEntry = {
      revision: this.#head.revision + 1,
      time: Math.max(this.#head.time, time),
      session,
      site,
      seq,
      author: record === undefined ? submission.participant : undefined,
      change: { steps: resolution.steps, edits },
      notices: resolution.notices,
      hash: submission.hash,
      sites: 0,
    };
    this.#push(entry);
    return { kind: "entry", entry };
  }

  /** Reserves sites up to `sites`, by an entry of the server's own. */
  reserveSites(sites: number, time: number): LogEntry {
    const entry: LogEntry = {
      revision: this.#head.revision + 1,
      time: Math.max(this.#head.time, time),
      session: "",
      site: 0,
      seq: 0,
      author: undefined,
      change: { steps: [], edits: [] },
      notices: [],
      hash: 0,
      sites,
    };
    this.#push(entry);
    return entry;
  }

  /** The log has stored everything up to the head. */
  commit(): void {
    this.#durable = this.#head;
  }

  /** Forgets what was sequenced ahead of the log. States are values, so this costs next to nothing. */
  rollBack(): void {
    const kept = this.#durable.revision - this.#floor;
    for (const entry of this.#entries.splice(kept).reverse()) {
      for (const { node } of entry.change.edits) this.#histories.get(node)!.pop();
    }
    this.#head = this.#durable;
  }

  #push(entry: LogEntry): void {
    this.#head = this.#head.apply(entry);
    this.#entries.push(entry);
    for (const { node, op } of entry.change.edits) {
      const past = { revision: entry.revision, site: entry.site, op };
      const history = this.#histories.get(node);
      if (history === undefined) this.#histories.set(node, [past]);
      else history.push(past);
    }
  }
}

/** The edit of `submission` on one file, if it has one. */
export function editIn(submission: Submission, node: NodeId): TextOp | undefined {
  return opOn(submission.change.edits, node);
}

function refused(code: RefusalCode, nodes: readonly NodeId[] = [], message?: string): Verdict {
  const text = message === undefined ? codes[code].text : `${message}. ${codes[code].text}`;
  return { kind: "refused", refusal: { code, message: text, nodes } };
}

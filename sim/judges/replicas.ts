/**
 * What a client has is what the log says at the revision it is at; what it shows is what it told its editor.
 *
 * Both are looked at after every step of every client: of a short file the whole, of a long one the length, what
 * is around the newest edits, and the whole now and then.
 *
 * @module
 */

import type { ClientCore, ClientEvent } from "../../client/core/mod.ts";
import type { NodeId, Text, Workspace } from "../../ot/mod.ts";
import type { Characters } from "./characters.ts";
import { differenceOf, Failure, type Invariant } from "./failure.ts";
import { Paper } from "./paper.ts";
import type { Reference } from "./reference.ts";

/** A text that is longer than this is not compared as a whole every time. */
const shortLength = 300;
/** But once in so many times, or in so many as it has pieces of so many units, so that no length makes it dear. */
const wholeEvery = 16, pieceLength = 64;
const nothing: ReadonlyMap<NodeId, number> = new Map();
/** And around the newest edits, so many units to each side. */
const margin = 24;

export class Replica {
  /** The revision up to which it has been compared; -1 before there is anything. */
  #revision = -1;
  #steps = 0;
  /** An editor that does what it is told of, and nothing else. */
  readonly #editor = new Map<NodeId, Paper>();

  constructor(
    readonly name: string,
    readonly characters: Characters,
    /** Whether it may see a node that was there at a revision. */
    readonly sees: (id: NodeId, revision: number) => boolean,
  ) {}

  /** It holds something else from now on: all of it is compared next time. */
  begin(): void {
    this.#revision = -1;
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * Compares after a step.
   *
   * @param knows whether what it has is of this log, or of one that is gone.
   * @param orderly whether characters keep their order: what is found by difference may not.
   */
  stepped(
    core: ClientCore,
    events: readonly ClientEvent[],
    reference: Reference,
    knows: boolean,
    orderly: boolean,
  ): void {
    this.#steps++;
    const near = this.#tell(events, core.view);
    for (const [node, at] of near) this.#judgeView(core, node, at, false);
    const { confirmed, revision } = core;
    if (!knows || confirmed === undefined || revision === this.#revision) return;
    if (revision > reference.revision) {
      throw new Failure(
        "durability",
        "a client has a revision that the log has not",
        `${this.name} is at ${revision}`,
        revision,
      );
    }
    if (revision < this.#revision) {
      throw new Failure(
        "order",
        "a client goes back",
        `${this.name} from ${this.#revision} to ${revision}`,
        revision,
      );
    }
    const compared = this.#revision;
    this.#revision = revision;
    if (revision < reference.oldest) return;
    if (compared < 0) {
      this.#judgeWorkspace(core, confirmed, revision, reference, "has");
      for (const id of this.#editor.keys()) if (core.view.node(id) === undefined) this.#editor.delete(id);
    } else {
      for (const node of reference.touched(compared, revision)) {
        if (!this.sees(node, revision)) continue;
        this.#judgeNode(confirmed, node, revision, reference);
        this.#judgeText(core, confirmed, node, near.get(node), false, revision, reference);
        // What is forgotten is of no use to an editor: another log may use its id again.
        if (core.view.node(node) === undefined) this.#editor.delete(node);
      }
    }
    if (orderly && (compared < 0 || this.#steps % wholeEvery === 0)) {
      this.#judgeOrder(core, revision, reference);
    }
  }

  /** Compares everything, at the end of a run. */
  judgeAll(core: ClientCore, reference: Reference): void {
    this.#judgeWorkspace(core, core.confirmed!, core.revision, reference, "has");
    for (const { id, kind } of core.view.nodes()) if (kind === "text") this.#judgeView(core, id, 0, true);
  }

  /** What the view shows, and what the log says of it. */
  judgeViewAgainst(core: ClientCore, reference: Reference): void {
    this.#judgeWorkspace(core, core.view, core.revision, reference, "shows");
  }

  /** Does what the client says to an editor; gives the files with the place of the newest edit. */
  #tell(events: readonly ClientEvent[], view: Workspace): ReadonlyMap<NodeId, number> {
    if (events.length === 0) return nothing;
    const near = new Map<NodeId, number>();
    let gone: Set<NodeId> | undefined;
    for (const event of events) {
      if (event.kind === "edited") {
        let text = this.#editor.get(event.node) ?? Paper.empty;
        for (let i = event.op.length - 1; i >= 0; i--) {
          const { at, remove, insert } = event.op[i]!;
          if (at + remove > text.length) {
            throw new Failure(
              "convergence",
              "an editor is told of an edit outside its text",
              `${this.name}, ${event.node}`,
            );
          }
          text = text.edited(at, remove, insert);
          near.set(event.node, at);
        }
        this.#editor.set(event.node, text);
      } else if (event.kind === "tree") {
        // A node that is gone for good takes its text with it: another log may use its id again.
        for (const { node, after, forgotten } of event.changes) {
          // Out of sight, with its text; it may come back in the same step, and is told anew then.
          if (forgotten === true) this.#editor.delete(node);
          else if (after === undefined && (event.site === 0 || view.node(node) === undefined)) {
            (gone ??= new Set()).add(node);
          }
        }
      } else if (event.kind === "renumbered") {
        for (const [from, to] of event.ids) {
          this.#editor.set(to, this.#editor.get(from) ?? Paper.empty);
          this.#editor.delete(from);
        }
      } else if (event.kind === "loaded") {
        this.#editor.set(event.node, Paper.of(event.text ?? ""));
      }
    }
    for (const node of gone ?? []) {
      near.delete(node);
      if (view.node(node) === undefined) this.#editor.delete(node);
      else this.#editor.set(node, Paper.of(view.text(node).toString()));
    }
    return near;
  }

  #judgeView(core: ClientCore, node: NodeId, at: number, all: boolean): void {
    if (core.view.node(node) === undefined) return;
    const shown = core.view.text(node), told = this.#editor.get(node) ?? Paper.empty;
    const isWhole = all || this.#isWhole(shown.length);
    const place = () => `${node} at ${this.name}`;
    if (same(shown, told, at, isWhole)) return;
    throw new Failure(
      "convergence",
      "a client shows another text than it told its editor",
      `${place()}: ${differenceOf(told.toString(), shown.toString())}`,
      core.revision,
    );
  }

  #judgeWorkspace(
    core: ClientCore,
    workspace: Workspace,
    revision: number,
    reference: Reference,
    how: string,
  ): void {
    let count = 1;
    for (const id of reference.ids()) {
      const node = reference.node(id, revision);
      if (node === undefined || !this.sees(id, revision)) continue;
      count++;
      this.#judgeNode(workspace, id, revision, reference);
      if (node.kind === "text") this.#judgeText(core, workspace, id, 0, true, revision, reference);
    }
    if (workspace.size === count) return;
    const more = [...workspace.nodes()].find(({ id }) =>
      id !== "0:0" && (reference.node(id, revision) === undefined || !this.sees(id, revision))
    );
    throw this.#wrong(
      "a client has a node that the log does not know, or that it may not see",
      `${this.name} ${how} ${more?.id}`,
      revision,
    );
  }

  #judgeNode(workspace: Workspace, id: NodeId, revision: number, reference: Reference): void {
    const expected = reference.node(id, revision);
    const actual = workspace.node(id);
    if (expected === undefined) {
      if (actual === undefined) return;
      throw this.#wrong("a client has a node that is forgotten", `${id} at ${this.name}`, revision);
    }
    if (
      actual !== undefined && actual.parent === expected.parent && actual.name === expected.name &&
      actual.kind === expected.kind && actual.tombstone === expected.tombstone &&
      (actual.content && `${actual.content.hash} ${actual.content.bytes}`) === expected.content &&
      (actual.executable ?? false) === expected.executable
    ) return;
    const said = actual === undefined
      ? "not there"
      : `"${actual.name}" in ${actual.parent}${actual.tombstone === undefined ? "" : ", removed"}`;
    throw this.#wrong(
      "a node is not what the log says",
      `${id} at ${this.name} is ${said}; by the log "${expected.name}" in ${expected.parent}${
        expected.tombstone === undefined ? "" : ", removed"
      }`,
      revision,
    );
  }

  /** Of a file that is not loaded, nothing is there. */
  #judgeText(
    core: ClientCore,
    workspace: Workspace,
    id: NodeId,
    near: number | undefined,
    all: boolean,
    revision: number,
    reference: Reference,
  ): void {
    const text = workspace.text(id),
      expected = core.isLoaded(id) ? reference.paper(id, revision) : Paper.empty;
    if (same(text, expected, near ?? 0, all || this.#isWhole(expected.length))) return;
    throw this.#wrong(
      "a text is not what the log says",
      `${id} at ${this.name}: ${differenceOf(text.toString(), expected.toString())}`,
      revision,
    );
  }

  /** Whether it is the turn of a text of this length to be compared as a whole. */
  #isWhole(length: number): boolean {
    return length <= shortLength ||
      this.#steps % Math.max(wholeEvery, Math.floor(length / pieceLength)) === 0;
  }

  /** What is seen, pending changes and all, has the characters in the order of the log. */
  #judgeOrder(core: ClientCore, revision: number, reference: Reference): void {
    for (const id of reference.ids()) {
      const text = reference.paper(id, revision);
      if (text.length === 0 || text.length > shortLength || core.view.node(id) === undefined) continue;
      this.characters.judgeOrder(
        core.view.text(id).toString(),
        text.toString(),
        revision,
        `${id} as ${this.name} sees it`,
      );
    }
  }

  #wrong(breach: string, detail: string, revision: number, invariant: Invariant = "convergence"): Failure {
    return new Failure(invariant, breach, detail, revision);
  }
}

function same(text: Text, expected: Paper, near: number, whole: boolean): boolean {
  if (text.length !== expected.length) return false;
  if (whole) return text.toString() === expected.toString();
  const from = Math.max(0, near - margin), to = Math.min(expected.length, near + margin);
  return text.slice(from, to) === expected.slice(from, to);
}

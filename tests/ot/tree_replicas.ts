/**
 * A model of a server and its clients, with nothing between them but the order of events: what the cores do with
 * changes, without sessions, frames and time. And what must hold of a workspace at any moment.
 *
 * @module
 */

import {
  type Author,
  type Change,
  faultOf,
  nameFault,
  type Node,
  type NodeId,
  type Notice,
  resolve,
  rootId,
  sameContent,
  type Side,
  transformEdits,
  type TreeFault,
  Workspace,
} from "../../ot/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { ModelTree } from "./tree_model.ts";

/** A change that has its place in the order; its steps are resolved. */
export interface Entry {
  readonly site: number;
  readonly change: Change;
  readonly notices: readonly Notice[];
  /** The highest counter of the site, this change included. */
  readonly counter: number;
}

/** A change as its author made it on the state after `base` entries. */
export interface Submission {
  readonly site: number;
  readonly base: number;
  readonly change: Change;
}

/** Steps that were refused where they should not be, or with which something else was wrong. */
export class Refused extends Error {
  constructor(readonly fault: TreeFault, message: string) {
    super(message);
  }
}

/** Puts submissions into one order. */
export class ModelServer {
  state: Workspace;
  readonly entries: Entry[] = [];
  readonly #counters = new Map<number, number>();

  constructor(state: Workspace) {
    this.state = state;
  }

  /** @throws {Refused} if the steps are refused; nothing has happened then. */
  sequence({ site, base, change }: Submission): Entry {
    const author = { site, counter: this.#counters.get(site) ?? 0 };
    let edits = change.edits;
    for (const entry of this.entries.slice(base)) {
      edits = transformEdits(edits, entry.change.edits, sideOf(site, entry.site));
    }
    const { steps, notices, counter } = settled(change, this.state, author);
    const entry = { site, change: { steps, edits }, notices, counter };
    this.state = applied(this.state, entry.change);
    this.entries.push(entry);
    this.#counters.set(site, counter);
    return entry;
  }
}

/** Holds what the server has said, and on top of that changes of its own that the server has not ordered yet. */
export class ModelClient {
  readonly site: number;
  confirmed: Workspace;
  revision = 0;
  /** Each was made on the state after the one before; the first may be in flight. */
  pending: readonly Change[] = [];
  isInFlight = false;
  #counter = 0;
  #view: Workspace | undefined;

  constructor(site: number, state: Workspace) {
    this.site = site;
    this.confirmed = state;
  }

  /** What its user sees: what is confirmed, and what is pending as it would come out now. */
  get view(): Workspace {
    return this.#view ??= this.#computeView();
  }

  #computeView(): Workspace {
    let state = this.confirmed, counter = this.#counter;
    for (const change of this.pending) {
      const resolution = settled(change, state, { site: this.site, counter });
      counter = resolution.counter;
      state = applied(state, { steps: resolution.steps, edits: change.edits });
    }
    return state;
  }

  make(change: Change): void {
    this.#view = undefined;
    this.pending = [...this.pending, change];
  }

  /** Submits the first pending change. One at a time: nothing if one is in flight, or none is pending. */
  submit(): Submission | undefined {
    const change = this.pending[0];
    if (change === undefined || this.isInFlight) return undefined;
    this.isInFlight = true;
    return { site: this.site, base: this.revision, change };
  }

  /** Takes the next entry. */
  receive(entry: Entry): void {
    const before = this.view;
    this.#view = undefined;
    if (entry.site === this.site) {
      assert(this.isInFlight, "an acknowledgement answers a change in flight");
      const change = this.pending[0]!;
      // The law of the optimistic view: what the client took its change to come to is what the server says.
      const author = { site: this.site, counter: this.#counter };
      assertEquals(settled(change, this.confirmed, author).steps, entry.change.steps);
      assertEquals(change.edits, entry.change.edits);
      this.pending = this.pending.slice(1);
      this.isInFlight = false;
      this.#counter = entry.counter;
      this.confirmed = this.confirmed.apply(entry.change);
    } else {
      let edits = entry.change.edits;
      this.pending = this.pending.map((change) => {
        const mine = transformEdits(change.edits, edits, sideOf(this.site, entry.site));
        edits = transformEdits(edits, change.edits, sideOf(entry.site, this.site));
        return { steps: change.steps, edits: mine };
      });
      this.confirmed = this.confirmed.apply(entry.change);
      // What an editor is told of the entry leads from the text it showed to the text it must show.
      const after = this.view;
      for (const { node } of entry.change.edits) {
        const op = edits.find((edit) => edit.node === node)?.op ?? [];
        const shown = before.text(node).apply(op);
        if (!shown.equals(after.text(node))) assertEquals(`${shown}`, `${after.text(node)}`);
      }
    }
    this.revision++;
  }
}

/** On equal sites the earlier stays left, and only the later is ever transformed. */
function sideOf(site: number, over: number): Side {
  return site < over ? "left" : "right";
}

/** What the steps come to, checked against the model of the tree. */
function settled(change: Change, state: Workspace, author: Author) {
  const resolution = resolve(change.steps, state, author);
  if ("fault" in resolution) throw new Refused(resolution.fault, resolution.message);
  if (change.steps.length > 0) {
    const model = new ModelTree(state);
    model.take(change.steps);
    const after = state.apply({ steps: resolution.steps, edits: [] });
    for (const node of after.nodes()) {
      if (!isSame(node, model.nodes.get(node.id))) {
        assertEquals(node, { id: node.id, ...model.nodes.get(node.id)! });
      }
    }
    assert(after.size === model.nodes.size, "there are as many nodes as the model has");
    checkNotices(resolution.notices, after);
  }
  return resolution;
}

function isSame(a: Omit<Node, "id">, b: Omit<Node, "id"> | undefined): boolean {
  return a.parent === b?.parent && a.name === b.name && a.kind === b.kind && a.tombstone === b.tombstone &&
    sameContent(a.content, b.content);
}

/** A notice tells what has become of a node, so it must be true in the end. */
function checkNotices(notices: readonly Notice[], after: Workspace): void {
  for (const notice of notices) {
    const node = after.node(notice.node)!;
    if (notice.kind === "renamed") assertEquals(node.name, notice.name);
    if (notice.kind === "retargeted") assertEquals(node.parent, notice.parent);
  }
}

function applied(state: Workspace, change: Change): Workspace {
  for (const { node, op } of change.edits) {
    assert(faultOf(op, state.text(node)) === undefined, "an edit fits its text");
  }
  const after = state.apply(change);
  checkWorkspace(after);
  return after;
}

/** What holds of every workspace. */
export function checkWorkspace(state: Workspace): void {
  const nodes = new Map<NodeId, Node>();
  for (const node of state.nodes()) {
    assert(!nodes.has(node.id), "a node is there once");
    nodes.set(node.id, node);
  }
  assert(state.size === nodes.size, "the size counts all nodes");
  let textLength = 0, blobBytes = 0;
  const places = new Set<string>();
  for (const [id, node] of nodes) {
    const text = state.text(id);
    textLength += text.length;
    assert(node.kind === "text" || text.length === 0, "only text files have texts");
    assert(
      (node.kind === "blob") === (node.content !== undefined),
      "blobs hold something, and nothing else does",
    );
    blobBytes += node.content?.bytes ?? 0;
    if (node.content !== undefined) {
      assert(
        state.bytesOf(node.content.hash) === node.content.bytes,
        "what a blob holds is found by its hash",
      );
    }
    if (id === rootId) continue;
    assert(nodes.get(node.parent)?.kind === "directory", "a node is in a directory");
    assert(nameFault(node.name) === undefined, "a name has no fault");
    let above = node, isLive = true;
    for (let steps = 0; above.id !== rootId; steps++, above = nodes.get(above.parent)!) {
      assert(steps < nodes.size, "a node reaches the root");
      if (above.tombstone !== undefined) isLive = false;
    }
    assert(state.isLive(id) === isLive, "live means not removed, and in no removed directory");
    if (isLive) assert(state.find(state.pathOf(id))?.id === id, "a live node is found by its path");
    if (node.tombstone !== undefined) continue;
    const place = `${node.parent}/${node.name}`;
    assert(!places.has(place), "names are unique among children that are not removed");
    places.add(place);
    assert(state.child(node.parent, node.name) === id, "a child is found by its name");
  }
  let children = 0;
  for (const node of nodes.values()) children += state.children(node.id).length;
  assert(children === places.size, "a directory lists its children, and nothing else");
  assert(state.textLength === textLength, "the length of all texts is counted");
  assert(state.blobBytes === blobBytes, "the bytes of all blobs are counted");
}

/** All that a workspace holds, as one string: equal for equal workspaces. */
export function contentOf(state: Workspace): string {
  const lines: string[] = [];
  for (const node of state.nodes()) {
    lines.push(JSON.stringify([node.id, node.parent, node.name, node.kind, node.tombstone ?? null]));
    if (node.content !== undefined) lines.push(JSON.stringify(node.content));
    const text = state.text(node.id);
    if (text.length > 0) lines.push(JSON.stringify(text.toString()));
  }
  return lines.join("\n");
}

/** The same workspace, made anew from its parts. */
export function rebuilt(state: Workspace): Workspace {
  const nodes = [...state.nodes()].reverse();
  return Workspace.of(
    nodes,
    nodes.filter(({ kind }) => kind === "text").map(({ id }) => [id, state.text(id)]),
  );
}

/** A change, and the site that makes it. */
export interface Made {
  readonly site: number;
  readonly change: Change;
}

/** Runs changes, all made on `start`, through a server in this order, with a client for each. */
export function merged(start: Workspace, order: readonly Made[]): ModelServer {
  const server = new ModelServer(start);
  const clients = order.map(({ site }) => new ModelClient(site, start));
  const submissions = clients.map((client, i): Submission => {
    client.make(order[i]!.change);
    return client.submit()!;
  });
  for (const submission of submissions) {
    const entry = server.sequence(submission);
    for (const client of clients) client.receive(entry);
  }
  const content = contentOf(server.state);
  for (const client of clients) {
    assert(client.pending.length === 0, "every change is acknowledged");
    if (contentOf(client.view) !== content) assertEquals(contentOf(client.view), content);
  }
  return server;
}

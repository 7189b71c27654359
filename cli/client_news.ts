/**
 * What others do in a workspace while one is in it, as lines: who comes and goes, what they change, whether there
 * is a connection. Files that are watched are shown line by line, one's own changes included.
 *
 * What comes in together is told together, once the names of all who took part are known.
 *
 * @module
 */

import {
  compose,
  type NodeId,
  type Origin,
  type Space,
  type SpaceEvents,
  type Text,
  type TextOp,
  type Workspace,
} from "../mod.ts";
import { editReport, hunksOf, hunksReport, participantReport, treeReport } from "./client_report.ts";
import { harmless, wordOf } from "./client_words.ts";

/** Lines to show; `watched` if somebody asked for them. */
export type Tell = (lines: readonly string[], watched: boolean) => void;

interface EditNews {
  readonly kind: "edit";
  readonly node: NodeId;
  readonly path: string;
  readonly before: string;
  readonly op: TextOp;
  readonly origin: Origin;
  readonly site: number;
}

interface TreeNews {
  readonly kind: "tree";
  readonly node: NodeId;
  readonly text: string;
  readonly origin: Origin;
  readonly site: number;
}

interface PresenceNews {
  readonly kind: "presence";
  readonly text: string;
}

type Item = EditNews | TreeNews | PresenceNews;

export class News {
  readonly #space: Space;
  readonly #tell: Tell;
  /** The texts that have been told of, so what the next edit of each changes; the others are as at the start. */
  readonly #told = new Map<NodeId, Text>();
  readonly #start: Workspace;
  /** The workspace as it was when the last change of the tree was seen: where what is gone has been. */
  #seen: Workspace;
  readonly #known: Set<NodeId>;
  /** What has been removed, the newest last. */
  #removed: NodeId[] = [];
  readonly #names = new Map<number, string>();
  readonly #here = new Set<number>();
  #ownSite: number | undefined;
  #items: Item[] = [];
  #watched: "all" | Set<NodeId> = new Set();
  #phase: SpaceEvents["status"]["phase"];

  constructor(space: Space, tell: Tell) {
    this.#space = space;
    this.#tell = tell;
    this.#start = space.workspace;
    this.#seen = space.workspace;
    this.#known = new Set([...space.workspace.nodes()].map(({ id }) => id));
    this.#phase = space.status.phase;
    for (const { site } of space.peers) this.#presence(site);
    space.on("edited", (event) => this.#edited(event));
    space.on("tree", (event) => this.#tree(event));
    space.on("presence", ({ site }) => this.#presence(site));
    space.on("status", (event) => this.#status(event));
    space.on("renumbered", ({ ids }) => this.#renumbered(ids));
  }

  /** What was removed last and is still removed. */
  get lastRemoved(): NodeId | undefined {
    return this.#removed[this.#removed.length - 1];
  }

  /** Shows changes of this file line by line from now on; without a file, all changes. */
  watch(node: NodeId | undefined): void {
    if (node === undefined) this.#watched = "all";
    else if (this.#watched !== "all") this.#watched.add(node);
  }

  /** Tells in one line again of changes of this file; without a file, of all changes. */
  unwatch(node: NodeId | undefined): void {
    if (node === undefined || this.#watched === "all") this.#watched = new Set();
    else this.#watched.delete(node);
  }

  /** Tells all that has come in. It is told by itself, but only after what is done at the moment. */
  flush(): void {
    const items = this.#items;
    this.#items = [];
    for (const item of items) {
      if (item.kind === "presence") {
        // When the connection is gone, everybody is; nobody has left.
        if (this.#space.status.phase === "online") this.#tell([item.text], false);
        continue;
      }
      const watched = this.#watched === "all" || this.#watched.has(item.node);
      if (item.origin !== "remote" && !watched) continue;
      const who = this.#nameOf(item.origin, item.site);
      if (item.kind === "tree") {
        this.#tell([`${who}  ${item.text}`], watched);
        continue;
      }
      const { path, before, op } = item;
      const lines = [`${who}  ${path} ${editReport(before, op)}`];
      if (watched) lines.push(...hunksReport(hunksOf(before, op)));
      this.#tell(lines, watched);
    }
  }

  #edited({ node, op, origin, site }: SpaceEvents["edited"]): void {
    if (origin !== "remote") this.#ownSite = site;
    const before = this.#textOf(node);
    this.#told.set(node, before.apply(op));
    const last = this.#items[this.#items.length - 1];
    if (last?.kind === "edit" && last.node === node && last.origin === origin && last.site === site) {
      this.#items[this.#items.length - 1] = { ...last, op: compose(last.op, op) };
      return;
    }
    const hidden = this.#space.workspace.isLive(node) ? "" : " (removed)";
    const path = wordOf(this.#space.pathOf(node)) + hidden;
    this.#add({ kind: "edit", node, path, before: before.toString(), op, origin, site });
  }

  #tree({ changes, origin, site }: SpaceEvents["tree"]): void {
    if (origin !== "remote") this.#ownSite = site;
    const { workspace } = this.#space;
    const removed = new Set(changes.filter(({ after }) => after === undefined).map(({ node }) => node));
    // A directory before what is moved into it.
    const ordered = changes.toSorted((a, b) =>
      Number(a.before !== undefined) - Number(b.before !== undefined)
    );
    for (const { node, kind, before, after } of ordered) {
      const known = this.#known.has(node);
      this.#known.add(node);
      this.#removed = this.#removed.filter((other) => other !== node);
      if (after === undefined) {
        // What is in it goes with a directory without saying.
        if (before !== undefined && removed.has(before.parent)) continue;
        if (workspace.node(node) !== undefined) this.#removed.push(node);
      }
      const text = treeReport({
        before: before && pathIn(this.#seen, before),
        after: after && pathIn(workspace, after),
        directory: kind === "directory",
        known,
        ...before?.executable !== after?.executable && { executable: after?.executable ?? false },
      });
      this.#add({ kind: "tree", node, text, origin, site });
    }
    this.#seen = workspace;
  }

  #add(item: Item): void {
    if (this.#items.length === 0) queueMicrotask(() => this.flush());
    this.#items.push(item);
  }

  #presence(site: number): void {
    const peer = this.#space.peers.find((other) => other.site === site);
    if (peer !== undefined) {
      const name = participantReport(peer.participant);
      this.#names.set(site, name);
      if (!this.#here.has(site)) this.#add({ kind: "presence", text: `${name} is here` });
      this.#here.add(site);
    } else if (this.#here.delete(site)) {
      this.#add({ kind: "presence", text: `${this.#names.get(site)} has left` });
    }
  }

  #status({ phase, problem }: SpaceEvents["status"]): void {
    if (phase === this.#phase) return;
    // "connecting" and "syncing" are told of by what they come to.
    if (phase === "offline" && this.#phase === "online") {
      const reason = problem === undefined ? "" : ` (${harmless(problem.code)})`;
      this.#tell([`The connection is lost${reason}. What you do meanwhile is sent when it is back.`], false);
    }
    if (phase === "online") this.#tell(["The connection is back."], false);
    if (phase === "offline" || phase === "online" || phase === "ended") this.#phase = phase;
  }

  #renumbered(ids: ReadonlyMap<NodeId, NodeId>): void {
    const now = (id: NodeId) => ids.get(id) ?? id;
    for (const [before, after] of ids) {
      this.#told.set(after, this.#textOf(before));
      this.#known.add(after);
    }
    this.#removed = this.#removed.map(now);
    if (this.#watched !== "all") this.#watched = new Set([...this.#watched].map(now));
  }

  #textOf(node: NodeId): Text {
    return this.#told.get(node) ?? this.#start.text(node);
  }

  #nameOf(origin: Origin, site: number): string {
    if (origin !== "remote") return "you";
    // One's own change that came out differently, and what happened while nobody followed.
    if (site === this.#ownSite) return "corrected";
    if (site === 0) return "meanwhile";
    return this.#names.get(site) ?? `somebody (site ${site})`;
  }
}

function pathIn(workspace: Workspace, { parent, name }: { parent: NodeId; name: string }): string {
  const directory = workspace.pathOf(parent);
  return directory === "" ? name : `${directory}/${name}`;
}

/**
 * A folder that is kept the same as a workspace: what to look at, what to change there, and what to do on the disk.
 *
 * One thing is under way at a time. What was done in the folder comes first, so that what is then written there has it
 * in it; both wait for a connection with nothing unsent. Without one the disk itself keeps what was done:
 *
 *     look ─► submit ─► settle ─► … ─► act ─► act ─► … ─► same
 *       ▲                               │ the disk is not as expected
 *       └───────────────────────────────┘
 *
 * What both sides are known to have agreed on is the synced tree, which is stored whenever it has changed, together with
 * what is unsent: see journal.ts.
 *
 * @module
 */

import { type NodeId, rootId, type Workspace } from "../../ot/mod.ts";
import { type FileContent, holdSame } from "./content.ts";
import { type Downward, type DownwardView, planDown, removedBy } from "./downward.ts";
import { Ignoring } from "./ignoring.ts";
import { type NameRules, properFileName } from "./names.ts";
import type { SyncedTree } from "./synced_tree.ts";
import type { Action, FolderInput, FolderOutput, Item, Look, Plan, Result, Stamp } from "./types.ts";
import { planUp } from "./upward.ts";

/** What an earlier run knew. */
export interface Remembered {
  readonly synced: SyncedTree;
  /** The log that it speaks of; undefined if there was no earlier run. */
  readonly epoch: string | undefined;
  /** What was about to be written, by path, when the run ended. */
  readonly intended: ReadonlyMap<string, Intended>;
}

/** A file as it was about to be written. */
export interface Intended {
  readonly node: NodeId;
  readonly content: FileContent;
  /** Undefined if that was not to be changed. */
  readonly executable: boolean | undefined;
}

type Busy = "no" | "looking" | "submitting" | "settling" | "acting" | "asking";

/** So many times in a row a node may find the disk not as expected before it is left alone. */
const staleMax = 20;

export class FolderCore {
  readonly #rules: NameRules;
  readonly #synced: SyncedTree;
  #intended: Remembered["intended"];
  #epoch: string | undefined;
  #isReady = false;
  #busy: Busy = "no";
  #isSame = false;
  #dirtyPaths: Set<string> | "all" = "all";
  #dirtyNodes: Set<NodeId> | "all" = "all";
  /** What was looked at and is not submitted yet, a change each. */
  #batches: (readonly Look[])[] = [];
  /** What is being looked at, submitted or done. */
  #looking: readonly string[] | "all" = "all";
  #submitted: readonly Look[] = [];
  #items: readonly Item[] = [];
  #actions: readonly Action[] = [];
  /** Paths on the disk of what has no part in this, and why. */
  readonly #others = new Map<string, string>();
  /** Nodes that could not be brought to the disk. */
  readonly #givenUp = new Set<NodeId>();
  readonly #stale = new Map<NodeId, number>();
  #ignoring = new Ignoring();
  /** What was answered about deletions, for the next plan. */
  #answer: { readonly side: "folder" | "workspace"; readonly bringsBack: boolean } | undefined;
  #asked: "first" | "folder" | "workspace" = "first";
  /** The log that the server speaks of now. */
  #heard = "";

  constructor(rules: NameRules, remembered: Remembered) {
    this.#rules = rules;
    this.#synced = remembered.synced;
    this.#epoch = remembered.epoch;
    this.#intended = remembered.intended;
  }

  /** What both sides agreed on. */
  get synced(): SyncedTree {
    return this.#synced;
  }

  /** The log that the synced tree speaks of; undefined until the first plan is agreed to. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** Whether all that is known of has been done. */
  get isIdle(): boolean {
    return this.#busy === "no" && this.#isSame;
  }

  /**
   * Where to look, with all that is below: for `look`, when it begins. By then, what is known to have happened on the
   * disk should have been told: of a file that was moved, both ends have to be seen at once.
   */
  placesToLook(): readonly string[] | "all" {
    this.#looking = this.#dirtyPaths === "all" ? "all" : this.#topmost(this.#dirtyPaths);
    this.#dirtyPaths = new Set();
    return this.#looking;
  }

  step(input: FolderInput): FolderOutput[] {
    const { workspace } = input;
    switch (input.kind) {
      case "status":
        this.#isReady = input.isReady;
        return [...this.#followEpoch(input.epoch), ...this.#next(workspace)];
      case "workspace":
        if (input.nodes === "all") this.#givenUp.clear();
        else for (const node of input.nodes) this.#givenUp.delete(node);
        this.#soilNodes(input.nodes);
        return this.#next(workspace);
      case "disk":
        this.#soilPaths(input.paths);
        return this.#next(workspace);
      case "looked":
        this.#busy = "no";
        return this.#looked(input.looks, input.ignoring, workspace);
      case "submitted":
        this.#number(input.ids);
        this.#busy = "settling";
        return [];
      case "outdated":
        this.#busy = "no";
        this.#synced.rollBack();
        this.#soilPaths(this.#submitted.map(({ path }) => path));
        return this.#next(workspace);
      case "settled":
        return this.#settled(input.refusal, workspace);
      case "renumbered":
        for (const [from, to] of input.ids) this.#synced.renumber(from, to);
        this.#soilNodes(input.ids.values());
        return [];
      case "recovered":
        // What the folder has of them is joined with what the workspace has, as if it had just come.
        for (const node of input.nodes) this.#synced.deleteBelow(node);
        this.#soilPaths("all");
        this.#soilNodes("all");
        return this.#next(workspace);
      case "acted":
        this.#busy = "no";
        return [...this.#acted(input.results, workspace), ...this.#next(workspace)];
      case "answered":
        return this.#answered(input.bringsBack, workspace);
    }
  }

  #next(workspace: Workspace): FolderOutput[] {
    if (this.#busy !== "no" || !this.#isReady) return [];
    if (this.#dirtyPaths === "all" || this.#dirtyPaths.size > 0) {
      this.#busy = "looking";
      this.#isSame = false;
      return [{ kind: "look" }];
    }
    const batch = this.#batches.shift();
    if (batch !== undefined) return this.#up(batch, workspace);
    if (this.#dirtyNodes === "all" || this.#dirtyNodes.size > 0) {
      return this.#down(this.#dirtyNodes, workspace);
    }
    if (this.#isSame) return [];
    this.#isSame = true;
    return [{ kind: "same" }];
  }

  // Up --------------------------------------------------------------------------------------------------------

  #looked(seen: readonly Look[], ignoring: Ignoring, workspace: Workspace): FolderOutput[] {
    this.#ignoring = ignoring;
    const looks = [...seen, ...this.#missing(seen)];
    this.#forgetBatches(looks);
    const outputs = this.#noteOthers(looks);
    this.#recall(looks, workspace);
    // What is ignored now is left alone on both sides, and no longer known.
    for (const { path, seen } of looks) {
      const known = seen?.kind === "other" && seen.reason === "ignored" ? this.#synced.idAt(path) : undefined;
      if (known !== undefined) this.#synced.deleteBelow(known);
    }
    if (this.#epoch === undefined) return [...outputs, ...this.#askFirst(looks, workspace)];
    this.#batches.push(looks);
    return [...outputs, ...this.#next(workspace)];
  }

  /** What was looked at before and has now been looked at again is no longer of interest. */
  #forgetBatches(looks: readonly Look[]): void {
    if (this.#looking === "all") this.#batches = [];
    if (this.#batches.length === 0) return;
    const again = new Set([...this.#looking, ...looks.map(({ path }) => path)]);
    const isOld = ({ path }: Look) => again.has(path);
    this.#batches = this.#batches.map((batch) => batch.filter((look) => !isOld(look)));
  }

  /** Notes what has no part in this; tells what is new. */
  #noteOthers(looks: readonly Look[]): FolderOutput[] {
    const outputs: FolderOutput[] = [], before = new Map(this.#others);
    if (this.#looking === "all") this.#others.clear();
    for (const { path, seen } of looks) {
      this.#others.delete(path);
      if (seen?.kind !== "other") continue;
      this.#others.set(path, seen.reason);
      if (seen.reason === "ignored" || before.get(path) === seen.reason) continue;
      outputs.push({ kind: "warn", path, reason: seen.reason });
    }
    return outputs;
  }

  /** What is known to be where was looked, and was not seen there. */
  #missing(seen: readonly Look[]): Look[] {
    const paths = new Map(seen.map((look) => [look.path, look]));
    const missing: Look[] = [];
    const collect = (directory: NodeId, prefix: string) => {
      for (const [file, node] of this.#synced.children(directory)) {
        const path = prefix + file, look = paths.get(path);
        const { kind } = this.#synced.get(node)!;
        const isIgnored = look === undefined && this.#ignoring.isIgnored(path, kind === "directory");
        if (isIgnored) missing.push({ path, name: file, seen: { kind: "other", reason: "ignored" } });
        else if (look === undefined) missing.push({ path, name: file, seen: undefined });
        if (!isIgnored && look?.seen?.kind !== "other") collect(node, `${path}/`);
      }
    };
    if (this.#looking === "all") collect(rootId, "");
    else {
      for (const path of this.#looking) {
        const node = this.#synced.idAt(path);
        if (node !== undefined && paths.get(path)?.seen?.kind !== "other") collect(node, `${path}/`);
      }
    }
    return missing;
  }

  /** What an earlier run was about to write when it ended, and has written. */
  #recall(looks: readonly Look[], workspace: Workspace): void {
    if (this.#intended.size === 0) return;
    for (const { path, name, seen } of looks) {
      const intended = this.#intended.get(path);
      if (intended === undefined || (seen?.kind !== "text" && seen?.kind !== "blob")) continue;
      const { node, content } = intended;
      if (!holdSame(seen.content, content) || workspace.node(node)?.kind !== seen.kind) continue;
      const slash = path.lastIndexOf("/");
      const parent = this.#synced.idAt(path.slice(0, Math.max(0, slash)));
      const there = this.#synced.at(path);
      if (parent === undefined || (there !== undefined && there.node !== node)) continue;
      const known = this.#synced.get(node);
      if (known !== undefined && there === undefined) continue;
      this.#synced.set({
        node,
        parent,
        name: known?.name ?? workspace.node(node)!.name,
        file: known?.file ?? path.slice(slash + 1),
        kind: seen.kind,
        content,
        executable: intended.executable ?? known?.executable ?? false,
        stamp: seen.stamp,
        isOurs: true,
        isMakeshift: known?.isMakeshift ?? workspace.node(node)!.name !== name,
        held: undefined,
      });
    }
    this.#intended = new Map();
  }

  #askFirst(looks: readonly Look[], workspace: Workspace): FolderOutput[] {
    this.#busy = "asking";
    this.#asked = "first";
    this.#batches = [looks];
    this.#synced.mark();
    const { created, different, same } = planUp(looks, this.#synced, workspace, true);
    const known = new Set([...this.#synced.nodes()].map(({ node }) => node));
    const down: string[] = [], both = new Set(different);
    for (const { id, path } of workspace.files()) {
      if (!known.has(id) && !both.has(path) && !this.#ignoring.covers(path, false)) down.push(path);
    }
    this.#synced.rollBack();
    const left = [...this.#others].map(([path, reason]) => ({ path, reason }));
    const files = new Set(
      looks.flatMap(({ path, seen }) => seen?.kind === "text" || seen?.kind === "blob" ? [path] : []),
    );
    const plan: Plan = { up: created.filter((path) => files.has(path)), down, same, different, left };
    return [{ kind: "ask", question: { kind: "first", plan } }];
  }

  #up(looks: readonly Look[], workspace: Workspace): FolderOutput[] {
    const answer = this.#answer?.side === "folder" ? this.#answer : undefined;
    if (answer !== undefined) this.#answer = undefined;
    if (answer?.bringsBack) looks = this.#withoutDeletions(looks);
    const total = this.#synced.size;
    this.#synced.mark();
    const { items, rest, removed, again } = planUp(looks, this.#synced, workspace);
    if (isMass(removed.length, total) && answer === undefined) {
      this.#synced.rollBack();
      this.#batches = [];
      return this.#ask("folder", removed);
    }
    if (rest.length > 0) this.#batches.unshift(rest);
    this.#soilNodes(again);
    this.#soilNodes(looks.flatMap(({ path }) => this.#synced.idAt(path) ?? []));
    if (
      looks.some(({ path, seen }) =>
        isRules(path) && (seen?.kind === "text" ? seen.content !== undefined : true)
      )
    ) {
      this.#heedRules(looks);
    }
    if (items.length === 0) return this.#next(workspace);
    this.#busy = "submitting";
    this.#submitted = looks;
    this.#items = items;
    this.#isSame = false;
    return [{ kind: "submit", items }];
  }

  /** What is ignored has changed: all has to be looked at anew, unless all has just been looked at by the new rules. */
  #heedRules(looks: readonly Look[]): void {
    this.#dirtyNodes = "all";
    const isNew = looks.some(({ path, seen }) => isRules(path) && seen?.kind === "text");
    if (this.#looking !== "all" || !isNew) this.#dirtyPaths = "all";
  }

  /** The new nodes have their ids. */
  #number(ids: readonly NodeId[]): void {
    let index = 0;
    const numbers = new Map<NodeId, NodeId>();
    for (const item of this.#items) {
      if (item.kind === "create") numbers.set(item.node, ids[index++]!);
    }
    for (const [from, to] of numbers) this.#synced.renumber(from, to);
    if (this.#dirtyNodes === "all") return;
    for (const [from, to] of numbers) if (this.#dirtyNodes.delete(from)) this.#dirtyNodes.add(to);
  }

  #settled(refusal: string | undefined, workspace: Workspace): FolderOutput[] {
    if (this.#busy !== "settling") return this.#next(workspace);
    this.#busy = "no";
    if (refusal === undefined) {
      this.#synced.mark();
      return this.#next(workspace);
    }
    this.#synced.rollBack();
    const looks = this.#submitted;
    const half = looks.length >> 1;
    if (half > 0) {
      // One of many may be to blame: the others are to get through.
      const sorted = looks.toSorted((a, b) => a.path < b.path ? -1 : 1);
      this.#batches.unshift(sorted.slice(0, half), sorted.slice(half));
      return this.#next(workspace);
    }
    const { path, seen } = looks[0]!;
    const known = this.#synced.at(path);
    if (known === undefined) this.#others.set(path, refusal);
    // What may not be removed comes back.
    else if (seen === undefined) this.#withoutDeletions(looks);
    else this.#synced.set({ ...known, held: refusal });
    return [{ kind: "warn", path, reason: refusal }, ...this.#next(workspace)];
  }

  /** What is gone from the folder is no longer known, so that it comes back. */
  #withoutDeletions(looks: readonly Look[]): Look[] {
    const kept: Look[] = [];
    for (const look of looks) {
      if (look.seen !== undefined) {
        kept.push(look);
        continue;
      }
      const node = this.#synced.idAt(look.path);
      if (node === undefined) continue;
      this.#soilNodes([...this.#synced.below(node)].map((synced) => synced.node));
      this.#synced.deleteBelow(node);
    }
    return kept;
  }

  // Down ------------------------------------------------------------------------------------------------------

  #down(nodes: Iterable<NodeId> | "all", workspace: Workspace): FolderOutput[] {
    const view: DownwardView = {
      synced: this.#synced,
      workspace,
      rules: this.#rules,
      ignoring: this.#ignoring,
      isObstructed: (path) => this.#others.has(path),
      isGivenUp: (node) => this.#givenUp.has(node),
    };
    const removed = removedBy(nodes, view);
    if (isMass(removed.length, this.#synced.size) && this.#answer?.side !== "workspace") {
      return this.#ask("workspace", removed);
    }
    // What was agreed to is done in more than one round.
    if (removed.length === 0 && this.#answer?.side === "workspace") this.#answer = undefined;
    const { actions, rest }: Downward = planDown(nodes, view);
    this.#dirtyNodes = actions.length === 0 ? new Set() : new Set(rest);
    if (actions.length === 0) return this.#next(workspace);
    this.#busy = "acting";
    this.#actions = actions;
    this.#isSame = false;
    return [{ kind: "act", actions }];
  }

  #acted(results: readonly Result[], workspace: Workspace): FolderOutput[] {
    const outputs: FolderOutput[] = [];
    results.forEach((result, index) => {
      const action = this.#actions[index]!;
      const { node, path } = action;
      if (result.kind === "done") {
        this.#stale.delete(node);
        this.#done(action, result.stamp, workspace);
        if (isRules(path) || (action.kind === "move" && isRules(action.to))) {
          this.#dirtyPaths = "all";
          this.#dirtyNodes = "all";
        }
        return;
      }
      const count = (this.#stale.get(node) ?? 0) + 1;
      this.#stale.set(node, count);
      if (result.kind === "failed" || count > staleMax) {
        const reason = result.kind === "failed" ? result.reason : "it does not stay as it is";
        this.#givenUp.add(node);
        outputs.push({ kind: "warn", path, reason });
        return;
      }
      this.#soilPaths(action.kind === "move" ? [path, action.to] : [path]);
      this.#soilNodes([node]);
    });
    this.#actions = [];
    return outputs;
  }

  #done(action: Action, stamp: Stamp | undefined, workspace: Workspace): void {
    const { node, path } = action;
    const known = this.#synced.get(node);
    switch (action.kind) {
      case "discard":
      case "unmake":
        return this.#synced.deleteBelow(node);
      case "write":
        if (known !== undefined) {
          const { content, executable = known.executable } = action;
          this.#synced.set({ ...known, content, executable, stamp, isOurs: true });
        }
        return;
      case "mode":
        if (known !== undefined) this.#synced.set({ ...known, executable: action.executable, stamp });
        return;
    }
    const place = action.kind === "move" ? action.to : path;
    const slash = place.lastIndexOf("/");
    const parent = this.#synced.idAt(place.slice(0, Math.max(0, slash)));
    const there = workspace.node(node);
    // Gone meanwhile: it is looked at as something that nobody knows.
    if (parent === undefined || there === undefined) return this.#soilPaths([path, place]);
    const file = place.slice(slash + 1);
    const { name } = action;
    this.#synced.set({
      node,
      parent,
      name,
      file,
      kind: there.kind,
      content: action.kind === "create" ? action.content : known?.content,
      executable: action.kind === "create" ? action.executable : known?.executable ?? false,
      stamp: stamp ?? known?.stamp,
      isOurs: action.kind === "create" || (known?.isOurs ?? true),
      isMakeshift: file !== properFileName(name, this.#rules),
      held: undefined,
    });
  }

  // Asking ----------------------------------------------------------------------------------------------------

  #ask(side: "folder" | "workspace", paths: readonly string[]): FolderOutput[] {
    this.#busy = "asking";
    this.#asked = side;
    return [{ kind: "ask", question: { kind: "deletions", side, paths } }];
  }

  #answered(bringsBack: boolean, workspace: Workspace): FolderOutput[] {
    if (this.#busy !== "asking") return [];
    this.#busy = "no";
    if (this.#asked === "first") {
      this.#epoch = this.#heard;
      this.#dirtyNodes = "all";
      return this.#next(workspace);
    }
    this.#answer = { side: this.#asked, bringsBack };
    if (this.#asked === "folder" || bringsBack) this.#dirtyPaths = "all";
    if (this.#asked === "workspace" && bringsBack) {
      // What nobody knows is new: it goes to the workspace once more.
      this.#answer = undefined;
      for (const { node } of [...this.#synced.nodes()]) {
        if (!workspace.isLive(node)) this.#synced.deleteBelow(node);
      }
    }
    return this.#next(workspace);
  }

  /** Another log: what was agreed on with the former one says nothing about this one, and both are joined anew. */
  #followEpoch(epoch: string): FolderOutput[] {
    if (!this.#isReady || epoch === this.#heard) return [];
    this.#heard = epoch;
    if (this.#epoch === undefined || this.#epoch === epoch) return [];
    this.#epoch = epoch;
    for (const { node } of [...this.#synced.nodes()]) this.#synced.deleteBelow(node);
    this.#synced.mark();
    this.#intended = new Map();
    this.#batches = [];
    this.#dirtyPaths = this.#dirtyNodes = "all";
    return [{ kind: "warn", path: "", reason: "the server has another log now: both sides are joined anew" }];
  }

  #soilNodes(nodes: Iterable<NodeId> | "all"): void {
    if (nodes === "all" || this.#dirtyNodes === "all") this.#dirtyNodes = "all";
    else for (const node of nodes) this.#dirtyNodes.add(node);
  }

  #soilPaths(paths: Iterable<string> | "all"): void {
    if (paths === "all" || this.#dirtyPaths === "all") this.#dirtyPaths = "all";
    else for (const path of paths) this.#dirtyPaths.add(path);
  }

  /** Where to look: not below another place, and where a directory is not known, at that. */
  #topmost(paths: Iterable<string>): string[] {
    const places = new Set<string>();
    for (const path of paths) {
      let place = path;
      for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
        if (this.#synced.at(path.slice(0, slash)) !== undefined) continue;
        place = path.slice(0, slash);
        break;
      }
      places.add(place);
    }
    return [...places].filter((place) => {
      for (let slash = place.indexOf("/"); slash >= 0; slash = place.indexOf("/", slash + 1)) {
        if (places.has(place.slice(0, slash))) return false;
      }
      return true;
    });
  }
}

function isRules(path: string): boolean {
  return path === ".gitignore" || path.endsWith("/.gitignore");
}

/** Whether so many deletions at once may be a mistake. */
function isMass(deletions: number, total: number): boolean {
  return deletions >= 200 || (deletions >= 10 && deletions * 4 >= total);
}

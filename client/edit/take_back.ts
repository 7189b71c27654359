/**
 * Taking back what some have done, amid what others have done since: all changes of a person, of a session, for a task,
 * or those with some revisions, in many files at once.
 *
 * What would be there without them the server works out from its log, entry by entry, as undo does: `Past.undone` says it
 * node by node, as of one revision. What has happened here since that revision it is carried over, and it becomes one
 * change: texts go back to what they would say, what was made goes, what was removed comes back, what was moved or renamed
 * goes back to where it was, if nobody has put it elsewhere since. What others wrote stays, within what is taken out too;
 * a file or directory that holds something of theirs stays with it.
 *
 * That nobody has written in what goes, or moved what goes back, is looked at once more where the change takes its place.
 * If somebody has by then, all of this is done anew.
 *
 * @module
 */

import { type Node, type NodeId, type Step, type TextOp, transform } from "../../ot/mod.ts";
import type { Kept, UndoneItem } from "../../proto/mod.ts";
import { SpaceError } from "../error.ts";
import type { EntriesScope } from "../past.ts";
import type { Draft } from "../draft.ts";
import type { Space } from "../space.ts";
import { againIfOvertaken, Overtaken } from "./overtaken.ts";
import { PlannedTree } from "./planned_tree.ts";

/** Whose changes are taken back: of all who go by a name, of some sites, for a task, or some by their revisions. */
export type Whose =
  | { readonly kind: "author"; readonly name: string }
  | { readonly kind: "sites"; readonly sites: ReadonlySet<number> }
  | { readonly kind: "task"; readonly task: string }
  | { readonly kind: "revisions"; readonly revisions: readonly number[] };

/** What is to be taken back. */
export interface TakeBackRequest {
  /** Whose changes. */
  readonly whose: Whose;
  /** Only what came after this revision; 0 for everything that is kept. */
  readonly since: number;
  /** Only these files, and what is in these directories. */
  readonly paths?: readonly string[];
  /** Only files with a path like one of these. */
  readonly globs?: readonly string[];
  /** What taking it back is a part of: if left out, the task that is taken back, or that of the space. */
  readonly task?: string;
}

/** What was done to a file or directory to take something back. */
export interface TakenBackFile {
  /** Where it is, or where it was if it is removed. */
  readonly path: string;
  /** `kept`: it could not go back all the way; `why` says what stood against it. */
  readonly did: "edited" | "removed" | "restored" | "moved" | "replaced" | "mode" | "kept";
  /** Of what was kept. */
  readonly why?: string;
}

/** What has become of a request to take something back. */
export interface TakenBack {
  /** Whether anything was changed. */
  readonly changed: boolean;
  /** The entry that the change is, durable; or, if nothing was changed, the revision that was looked at. */
  readonly revision: number;
  /** By file. */
  readonly done: readonly TakenBackFile[];
}

/**
 * Takes it back, as one change; resolves when it is durable.
 *
 * @throws {SpaceError} "author_unknown", "task_unknown", or why there was no answer: then nothing has been changed.
 */
export async function takeBack(space: Space, request: TakeBackRequest): Promise<TakenBack> {
  return await againIfOvertaken(space, () => attempted(space, request));
}

async function attempted(space: Space, request: TakeBackRequest): Promise<TakenBack> {
  const { whose, task = whose.kind === "task" ? whose.task : space.task } = request;
  const undoing = await undoingOf(space, request);
  // From here to the change nothing is awaited: what is planned is of the state that it is done to.
  const plan = new Plan(space, undoing);
  if (plan.isEmpty) return { changed: false, revision: undoing.revision, done: plan.done };
  const sent = space.atomically((draft) => plan.carryOut(draft), { task });
  const settled = await sent.settled;
  if (settled.kind === "refused") {
    const { code, message } = settled.problem;
    throw code === "precondition_failed" ? new Overtaken(code, message) : new SpaceError(code, message);
  }
  return { changed: true, revision: settled.revision, done: plan.done };
}

// What would be -----------------------------------------------------------------------------------------------

/** What would be different, as of what is seen here now. */
interface Undoing {
  readonly revision: number;
  /** The tree when it was asked. */
  readonly then: Space["workspace"];
  readonly nodes: readonly UndoneItem[];
  /** What makes of a file what it would say. */
  readonly ops: ReadonlyMap<NodeId, TextOp>;
}

async function undoingOf(space: Space, request: TakeBackRequest): Promise<Undoing> {
  const choice = choiceOf(request);
  for (;;) {
    await space.settled();
    const { revision, workspace: then } = space;
    if (revision === 0) return { revision, then, nodes: [], ops: new Map() };
    const ops = new Map<NodeId, TextOp>();
    const since: { readonly node: NodeId; readonly op: TextOp }[] = [];
    const stopWatching = space.on("edited", ({ node, op }) => since.push({ node, op }));
    try {
      const { nodes } = await space.past.undone({ ...choice, at: revision });
      if (nodes.length === 0) await checkMeant(space, request, choice);
      const missing = nodes.filter(({ id, type, op, forgotten }) =>
        type === "text" && op.length > 0 && !forgotten && space.workspace.node(id) !== undefined &&
        !space.hasText(id)
      );
      if (missing.length > 0) {
        // What happens to a text before it is here is not known: all is asked again once they are.
        await space.loadNodes(missing.map(({ id }) => id));
        continue;
      }
      for (const { id, op } of nodes) ops.set(id, op);
      for (const { node, op } of since) {
        const own = ops.get(node);
        if (own !== undefined) ops.set(node, transform(own, op, "right"));
      }
      return { revision, then, nodes, ops };
    } finally {
      stopWatching();
    }
  }
}

function choiceOf({ whose, since, paths = [], globs = [] }: TakeBackRequest): EntriesScope {
  const scope = { from: since, paths, globs };
  switch (whose.kind) {
    case "author":
      return { ...scope, authors: [whose.name] };
    case "sites":
      return { ...scope, sites: [...whose.sites] };
    case "task":
      return { ...scope, tasks: [whose.task] };
    case "revisions":
      return { ...scope, revisions: whose.revisions };
  }
}

/** Where nothing would be different: says so of a name that nobody goes by, and that nothing was done for. */
async function checkMeant(
  space: Space,
  { whose, since, paths = [], globs = [] }: TakeBackRequest,
  choice: EntriesScope,
): Promise<void> {
  if (whose.kind !== "author" && whose.kind !== "task") return;
  const { entries } = await space.past.entries({ ...choice, limit: 1 });
  if (entries.length > 0) return;
  const all = await space.past.entries({ from: since, paths, globs, newest: true });
  const names = whose.kind === "author"
    ? [...all.authors.values()].map(({ name }) => name)
    : all.entries.map(({ task }) => task).filter((task) => task !== "");
  const known = [...new Set(names)].slice(0, 20).map((name) => `"${name}"`).join(", ");
  throw whose.kind === "author"
    ? new SpaceError(
      "author_unknown",
      `"${whose.name}" has changed nothing there since. ${known === "" ? "Nobody has" : `${known} have`}`,
    )
    : new SpaceError(
      "task_unknown",
      `Nothing was done there for a task "${whose.task}". ` +
        (known === "" ? "Say what to take back by author, session or revisions" : `There are ${known}`),
    );
}

// What is done ------------------------------------------------------------------------------------------------

const reasons: Readonly<Record<Kept, string>> = {
  written: "It holds what others have put there",
  moved_since: "Others have moved or renamed it since",
  removed_since: "Others have removed it since, or brought it back",
  replaced_since: "Others have replaced what it holds since",
  mode_since: "Others have said since whether it can be executed",
};

/** What takes it back in the workspace as it is seen now. */
class Plan {
  readonly done: TakenBackFile[] = [];
  readonly #space: Space;
  readonly #undoing: Undoing;
  readonly #tree: PlannedTree;
  readonly #edits: { readonly node: NodeId; readonly op: TextOp }[] = [];
  /** What is made anew, as what it was. */
  readonly #anew: UndoneItem[] = [];
  /** What goes away, and nobody may have changed. */
  readonly #going: NodeId[] = [];
  /** What goes somewhere else, and nobody may have put elsewhere. */
  readonly #moving: NodeId[] = [];
  /** What is done to nodes where they are. */
  readonly #steps: Step[] = [];

  constructor(space: Space, undoing: Undoing) {
    this.#space = space;
    this.#undoing = undoing;
    this.#tree = new PlannedTree(space.workspace);
    // What goes somewhere finds the directory that is back, and not what goes away.
    for (const item of undoing.nodes) this.#comeOrGo(item);
    for (const item of undoing.nodes.toSorted((a, b) => depthOf(a) - depthOf(b))) this.#take(item);
  }

  get isEmpty(): boolean {
    return this.#tree.isEmpty && this.#edits.length + this.#anew.length + this.#steps.length === 0;
  }

  #comeOrGo({ id, place }: UndoneItem): void {
    const now = this.#space.workspace.node(id), then = this.#undoing.then.node(id);
    if (place === undefined || now === undefined || then === undefined || hasMoved(then, now)) return;
    const isThere = now.tombstone === undefined;
    if (isThere && !place.live) this.#tree.remove(id);
    if (!isThere && place.live) this.#tree.restore(id);
  }

  #take(item: UndoneItem): void {
    const { id, path, kept, forgotten } = item;
    const now = this.#space.workspace.node(id), then = this.#undoing.then.node(id);
    for (const reason of kept) this.#keep(path, reasons[reason]);
    if (forgotten || now === undefined || then === undefined) {
      if (forgotten) this.#makeAnew(item);
      else this.#keep(path, "It is not there any more");
      return;
    }
    if (item.place !== undefined) {
      if (hasMoved(then, now)) this.#keep(path, reasons.moved_since);
      else this.#place(item, item.place);
    }
    if (item.content !== undefined && now.content?.hash === then.content?.hash) {
      this.#steps.push({ kind: "replace", node: id, content: item.content });
      this.#did(this.#tree.pathOf(id), "replaced");
    }
    if (item.executable !== undefined && now.executable === then.executable) {
      this.#steps.push({ kind: "mode", node: id, executable: item.executable });
      this.#did(this.#tree.pathOf(id), "mode");
    }
    const op = this.#undoing.ops.get(id)!;
    if (op.length === 0) return;
    this.#edits.push({ node: id, op });
    if (now.tombstone === undefined) this.#did(this.#tree.pathOf(id), "edited");
  }

  #place({ id, path }: UndoneItem, place: NonNullable<UndoneItem["place"]>): void {
    const { live, parent, name } = place, tree = this.#tree, now = tree.node(id)!;
    if (!live) {
      if (now.tombstone !== undefined) return;
      this.#going.push(id);
      return this.#did(path, "removed");
    }
    const isElsewhere = now.parent !== parent || now.name !== name;
    if (now.tombstone !== undefined) this.#did(isElsewhere ? tree.pathAt(parent, name) : path, "restored");
    if (!isElsewhere) return;
    const fault = tree.faultOf(id, parent, name);
    if (fault !== undefined) return this.#keep(path, fault);
    tree.place(id, parent, name);
    this.#moving.push(id);
    if (now.tombstone === undefined) this.#did(tree.pathOf(id), "moved");
  }

  #makeAnew(item: UndoneItem): void {
    const { parent, name } = item.place!;
    const isComing = this.#anew.some(({ id }) => id === parent);
    const fault = isComing ? undefined : this.#tree.faultOf(undefined, parent, name);
    if (fault !== undefined) {
      return this.#keep(item.path, `It is forgotten, and cannot be made anew: ${fault}`);
    }
    this.#anew.push(item);
    this.#did(item.path, "restored");
  }

  #did(path: string, did: TakenBackFile["did"]): void {
    this.done.push({ path, did });
  }

  #keep(path: string, why: string): void {
    this.done.push({ path, did: "kept", why });
  }

  carryOut(draft: Draft): void {
    const { workspace, revision: since } = this.#space;
    for (const node of this.#going) {
      if (workspace.isLive(node)) draft.require({ kind: "content", node, since });
    }
    for (const node of this.#moving) {
      if (workspace.isLive(node)) draft.require({ kind: "path", node, since });
    }
    const ids = new Map<NodeId, NodeId>();
    for (const { id, type, content, executable, op, place } of this.#anew) {
      const node = draft.mint(), parent = ids.get(place!.parent) ?? place!.parent;
      ids.set(id, node);
      const mode = executable === true ? { executable } : {};
      const create = { kind: "create", node, parent, name: place!.name, type, ...mode } as const;
      draft.step(content === undefined ? create : { ...create, content });
      if (op.length > 0) draft.edit(node, op);
    }
    for (const step of this.#tree.steps(() => draft.mint())) draft.step(step);
    for (const step of this.#steps) draft.step(step);
    for (const { node, op } of this.#edits) draft.edit(node, op);
  }
}

/** Whether a node has got another place since, or none. */
function hasMoved(then: Node, now: Node): boolean {
  return now.parent !== then.parent || now.name !== then.name || now.tombstone !== then.tombstone;
}

function depthOf({ path }: UndoneItem): number {
  return path.split("/").length;
}

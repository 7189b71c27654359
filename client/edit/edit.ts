/**
 * The one way in which programs change files that they have read a while ago: `edit(what was read, change, policy)`.
 *
 *     const { outcome, files } = await edit(space, {
 *       steps: [{ kind: "edit", path: "src/main.ts", read: { revision: 120 }, wanted: [{ kind: "text", text }] }],
 *       policy: "reject",
 *     });
 *
 * An edit says what was read, by its revision or word by word; it becomes an operation on that, as small as it can be,
 * and is merged with what has happened since, which is found as the difference from then to now. All steps of one
 * request make one change, with all of its preconditions, or nothing is done.
 *
 * - `applied`: what was read is what there was.
 * - `merged`: others had changed the same files, elsewhere in them; both hold.
 * - `overlap`: others had changed the same places. By the policy `merge` both are merged all the same, and whoever asked
 *   should look at what came of it; by `reject` nothing is done. Either way the text is given as it is now.
 *
 * Where the space was opened lazily, the files that are edited are loaded.
 *
 * What was read is compared with what the space knows. What others do in between is another matter: preconditions, and
 * by `reject` that no overlap comes about, go with the change to the server, which looks at them where the change takes
 * its place. If one does not hold by then, all of this is done anew with what there is now. Apart from that, another's
 * change that the server takes in between is merged with it as all concurrent changes are, and makes `merged` of
 * `applied`.
 *
 * @module
 */

import { type NodeId, replace, type TextOp } from "../../ot/mod.ts";
import type { Condition } from "../../proto/mod.ts";
import { SpaceError } from "../error.ts";
import type { Draft } from "../draft.ts";
import type { Space } from "../space.ts";
import { againIfOvertaken, Overtaken } from "./overtaken.ts";
import { mergedOver, movedStretch, type Stretch } from "./merge.ts";
import { editBetween } from "./text_difference.ts";
import { operationOf, type Wanted } from "./wanted.ts";

/** What is done where an edit and what has happened since overlap. */
export type Policy = "merge" | "reject";

/** What an edit was made on: the file at a revision, or what it said, or both. */
export interface Reading {
  /** The revision; without a text, what the file said then is looked up. */
  readonly revision?: number;
  /** All that the file said. */
  readonly text?: string;
  /** Which file it was: with its text, nothing has to be looked up. */
  readonly node?: NodeId;
}

/** One thing that is to be done. */
export type EditStep =
  /** `path` is that of the file when it was read: a rename since does not matter. */
  | {
    readonly kind: "edit";
    readonly path: string;
    readonly read: Reading;
    readonly wanted: readonly Wanted[];
  }
  | {
    readonly kind: "create";
    readonly path: string;
    readonly text: string;
    readonly executable?: boolean;
  }
  /** Says whether a file can be executed. */
  | { readonly kind: "mode"; readonly path: string; readonly executable: boolean }
  | { readonly kind: "move"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  /** Brings back what was removed, by its id. */
  | { readonly kind: "restore"; readonly node: NodeId };

/** What has to hold, or nothing is done. */
export interface Precondition {
  /** Of a file or a directory. */
  readonly path: string;
  /** Whether there is something at it. */
  readonly exists?: boolean;
  /** A revision: the file is still the same one, and says what it said then. */
  readonly unchangedSince?: number;
}

/** What is asked for. */
export interface EditRequest {
  /** In the order in which they are done. A file is edited in one of them. */
  readonly steps: readonly EditStep[];
  /** What is done about overlaps: `merge` if left out. */
  readonly policy?: Policy;
  /** What has to hold. */
  readonly preconditions?: readonly Precondition[];
  /** What it is a part of, by any name; that of the space, if left out. */
  readonly task?: string;
}

/** How an edit went. */
export type EditOutcome = "applied" | "merged" | "overlap";

/** A file after it was edited or made. */
export interface EditedFile {
  /** Its identity. */
  readonly id: NodeId;
  /** Where it is now. */
  readonly path: string;
  /** How its edit went. */
  readonly outcome: EditOutcome;
  /** What it says now. */
  readonly text: string;
  /** Where others have changed the same, in positions of that text. */
  readonly overlaps: readonly Stretch[];
  /** What others had changed in what was read, as far as that was known at `base`. */
  readonly since: TextOp;
}

/** What has become of a request. */
export interface EditResult {
  /** The least simple of the files' outcomes. */
  readonly outcome: EditOutcome;
  /** Whether anything was changed: not if overlaps were rejected, or all was as wanted already. */
  readonly changed: boolean;
  /** The entry that the change is, durable; or, if nothing was changed, the newest that is known. */
  readonly revision: number;
  /** The newest revision that was known when the change was made. */
  readonly base: number;
  /** The files that were edited or made, in the order of the request. */
  readonly files: readonly EditedFile[];
}

/** A file as somebody has read it. */
interface Read {
  readonly id: NodeId;
  readonly text: string;
}

/** An edit of a file as it is now. */
interface Planned {
  readonly id: NodeId;
  readonly op: TextOp;
  readonly outcome: EditOutcome;
  /** Where others have changed the same, in positions of what was read, and what has moved these since. */
  readonly overlaps: readonly Stretch[];
  readonly since: TextOp;
}

/**
 * Does what is asked for, as one change; resolves when it is durable.
 *
 * @throws {SpaceError} if it cannot be done, with the reason: then nothing has been changed.
 */
export async function edit(space: Space, request: EditRequest): Promise<EditResult> {
  // What is found here is said in paths; the server names nodes, and has seen what is not known here yet.
  return await againIfOvertaken(space, () => attempted(space, request));
}

async function attempted(space: Space, request: EditRequest): Promise<EditResult> {
  const { steps, policy = "merge", preconditions = [] } = request;
  if (steps.length === 0) throw new SpaceError("nothing_to_do", "There are no steps. Say what is to be done");
  const past = await lookedUp(space, steps, preconditions);
  await loaded(space, steps, preconditions, past);
  // From here to the change nothing is awaited: what is planned is of the state that it is done to.
  for (const precondition of preconditions) check(space, precondition, past);
  const planned = new Map<EditStep, Planned>();
  for (const step of steps) if (step.kind === "edit") planned.set(step, planOf(space, step, past));
  const edits = [...planned.values()];
  if (new Set(edits.map(({ id }) => id)).size < edits.length) {
    throw new SpaceError("edited_twice", "Two steps edit one file. Put what is wanted of it into one");
  }
  const isRejected = policy === "reject" && edits.some(({ outcome }) => outcome === "overlap");
  if (isRejected || (edits.length === steps.length && edits.every(({ op }) => op.length === 0))) {
    const files = edits.map((file) => resultOf(space, { ...file, op: [] }));
    return { outcome: worst(files), changed: false, revision: space.revision, base: space.revision, files };
  }
  return await carriedOut(space, request, planned);
}

async function carriedOut(
  space: Space,
  { steps, policy, preconditions = [], task = space.task }: EditRequest,
  planned: ReadonlyMap<EditStep, Planned>,
): Promise<EditResult> {
  const written: Planned[] = [], base = space.revision;
  const touched = new Set<NodeId>();
  const stopWatching = space.on("edited", ({ node, origin }) => {
    if (origin === "remote") touched.add(node);
  });
  try {
    const sent = space.atomically((draft) => {
      for (const condition of conditionsOf(space, steps, preconditions)) draft.require(condition);
      for (const step of steps) {
        const file = planned.get(step) ?? done(draft, step);
        if (file === undefined) continue;
        if (file.op.length > 0) draft.edit(file.id, file.op);
        const isApart = policy === "reject" && step.kind === "edit" && file.op.length > 0;
        if (isApart) draft.require({ kind: "apart", node: file.id, since: base });
        written.push(file);
      }
    }, { task });
    const settled = await sent.settled;
    if (settled.kind === "refused") {
      const { code, message } = settled.problem;
      throw code === "precondition_failed" ? new Overtaken(code, message) : new SpaceError(code, message);
    }
    const files = written.map((file) =>
      resultOf(
        space,
        file.outcome === "applied" && touched.has(file.id) ? { ...file, outcome: "merged" } : file,
      )
    );
    return { outcome: worst(files), changed: true, revision: settled.revision, base, files };
  } finally {
    stopWatching();
  }
}

/** What has been found here, as the server is to find it: preconditions, and what stands where something is to be put. */
function conditionsOf(
  space: Space,
  steps: readonly EditStep[],
  preconditions: readonly Precondition[],
): Condition[] {
  const conditions: Condition[] = [], since = space.revision;
  const stands = (path: string): Condition => {
    const normal = path.normalize("NFC").split("/").filter((name) => name !== "").join("/");
    return { kind: "stands", path: normal, node: space.find(normal)?.id };
  };
  for (const { path, unchangedSince } of preconditions) {
    const condition = stands(path);
    conditions.push(condition);
    const { node } = condition;
    if (unchangedSince !== undefined && node !== undefined) conditions.push({ kind: "content", node, since });
  }
  for (const step of steps) {
    if (step.kind === "create") conditions.push(stands(step.path));
    else if (step.kind === "move") conditions.push(stands(step.path), stands(step.to));
  }
  return conditions;
}

/** Does a step that is no edit; gives the file that it makes, if it makes one. */
function done(draft: Draft, step: EditStep): Planned | undefined {
  switch (step.kind) {
    case "create": {
      const id = draft.make(step.path, "text");
      if (step.executable) draft.setExecutable(step.path, true);
      return { id, op: replace(0, 0, step.text), outcome: "applied", overlaps: [], since: [] };
    }
    case "mode":
      return void draft.setExecutable(step.path, step.executable);
    case "move":
      return void draft.move(step.path, step.to);
    case "remove":
      return void draft.remove(step.path);
    case "restore":
      return void draft.step({ kind: "restore", node: step.node });
  }
}

// What was read -----------------------------------------------------------------------------------------------

/** Files as they were, or why that is not known: by revision, then by their paths at that time. */
type PastFiles = ReadonlyMap<number, ReadonlyMap<string, Read | SpaceError>>;

/** Looks up what is said to have been read, unless that is what there is now. */
async function lookedUp(
  space: Space,
  steps: readonly EditStep[],
  preconditions: readonly Precondition[],
): Promise<PastFiles> {
  const found = new Map<number, Map<string, Read | SpaceError>>();
  const lookUp = async (revision: number | undefined, path: string) => {
    if (revision === undefined) return;
    let files = found.get(revision);
    if (files === undefined) found.set(revision, files = new Map());
    const normal = path.normalize("NFC");
    if (!files.has(normal)) files.set(normal, await readAt(space, revision, normal));
  };
  for (const step of steps) {
    if (step.kind === "edit" && !isKnown(step.read)) await lookUp(step.read.revision, step.path);
  }
  for (const { unchangedSince, path } of preconditions) await lookUp(unchangedSince, path);
  return found;
}

/** Whether all is said that there is to know of what was read. */
function isKnown(read: Reading): read is Required<Pick<Reading, "node" | "text">> {
  return read.node !== undefined && read.text !== undefined;
}

async function readAt(space: Space, at: number, path: string): Promise<Read | SpaceError> {
  if (at === space.revision && space.status.unsent === 0) {
    const file = space.find(path);
    if (file?.kind === "text" && space.isLoaded(path)) return { id: file.id, text: space.read(path) };
  }
  try {
    // The answer comes behind all entries up to there: what it is of is known here as well by then.
    const { files } = await space.past.files({ at, paths: [path] });
    return files.find((file) => file.path === path) ??
      new SpaceError("path_unknown", `"${path}" was a directory`);
  } catch (error) {
    // A text that was given may do.
    if (error instanceof SpaceError && forgivable.has(error.code)) return error;
    throw error;
  }
}

const forgivable: ReadonlySet<string> = new Set(["path_unknown", "revision_forgotten"]);

/** Gets the texts that are needed, where the space is lazy. */
async function loaded(
  space: Space,
  steps: readonly EditStep[],
  preconditions: readonly Precondition[],
  past: PastFiles,
): Promise<void> {
  for (;;) {
    const needed: string[] = [];
    for (const step of steps) {
      if (step.kind !== "edit") continue;
      const { id } = readOf(space, step, past);
      if (space.workspace.isLive(id)) needed.push(space.pathOf(id));
    }
    for (const { path, unchangedSince } of preconditions) {
      if (unchangedSince !== undefined && space.find(path)?.kind === "text") needed.push(path);
    }
    const missing = needed.filter((path) => !space.isLoaded(path));
    // While these came, others may have moved, and other files be meant.
    if (missing.length === 0) return;
    await space.load(...missing);
  }
}

/** The file that a step edits, as it was read. */
function readOf(
  space: Space,
  { path, read }: EditStep & { kind: "edit" },
  past: PastFiles,
): Read {
  if (isKnown(read)) return { id: read.node, text: read.text };
  const { revision, text } = read;
  const normal = path.normalize("NFC");
  const then = revision === undefined ? undefined : past.get(revision)!.get(normal)!;
  if (text === undefined) {
    if (then === undefined) {
      throw new SpaceError("nothing_read", `Say at which revision "${path}" was read, or what it said`);
    }
    if (then instanceof SpaceError) throw then;
    return then;
  }
  if (then !== undefined && !(then instanceof SpaceError)) return { id: then.id, text };
  const now = space.find(normal);
  if (now?.kind !== "text") throw new SpaceError("not_found", `There is no file at "${path}"`);
  return { id: now.id, text };
}

function planOf(space: Space, step: EditStep & { kind: "edit" }, past: PastFiles): Planned {
  const { id, text: read } = readOf(space, step, past);
  if (!space.workspace.isLive(id)) {
    throw new SpaceError("removed_since", `"${step.path}" has been removed since it was read`);
  }
  const since = editBetween(read, space.workspace.text(id).toString());
  const { op, overlaps } = mergedOver(operationOf(read, step.wanted), since);
  const outcome = overlaps.length > 0 ? "overlap" : since.length > 0 ? "merged" : "applied";
  return { id, op, outcome, overlaps, since };
}

function check(space: Space, { path, exists, unchangedSince }: Precondition, past: PastFiles): void {
  const now = space.find(path);
  const fail = (what: string) => {
    throw new SpaceError("precondition_failed", `"${path}" ${what}. Nothing has been changed`);
  };
  if (exists === true && now === undefined) fail("is not there");
  if (exists === false && now !== undefined) fail("is there");
  if (unchangedSince === undefined) return;
  const then = past.get(unchangedSince)!.get(path.normalize("NFC"))!;
  if (then instanceof SpaceError) fail(`at revision ${unchangedSince} is not known: ${then.message}`);
  else if (then.id !== now?.id) fail(`is not the file any more that it was at revision ${unchangedSince}`);
  else if (then.text !== space.read(path)) fail(`has been changed since revision ${unchangedSince}`);
}

// What came of it ---------------------------------------------------------------------------------------------

function resultOf(space: Space, { id, op, outcome, overlaps, since }: Planned): EditedFile {
  return {
    id,
    path: space.pathOf(id),
    outcome,
    text: space.workspace.text(id).toString(),
    overlaps: overlaps.map((stretch) => movedStretch(stretch, [since, op])),
    since,
  };
}

const outcomes: readonly EditOutcome[] = ["applied", "merged", "overlap"];

function worst(files: readonly EditedFile[]): EditOutcome {
  return outcomes[Math.max(0, ...files.map(({ outcome }) => outcomes.indexOf(outcome)))]!;
}

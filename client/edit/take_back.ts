/**
 * Taking back what some have done, amid what others have done since: all changes of a person, of a session, or those
 * with some revisions, in many files at once.
 *
 * The past of each file is gone through once, from the first change that is meant, and beside it a second one in which
 * those changes never were. Between the two texts stands an operation, which is carried along:
 *
 *     the file            a ──mine──► b ──other's──► c       op leads from each to the one below it
 *     what it would be    a ────────► a ──other's──► c'
 *
 *     after a change that is meant     op = compose(what takes it back, op)
 *     after a change of others         op = transform(op, that change)
 *
 * So what others wrote stays, within what is taken out too; and what somebody else has taken out as well stays out. The
 * same goes for where a file is: made, moved, removed. A file that was made by what is taken back goes, unless others
 * have written in it. Directories stay as they are, and so do binary files.
 *
 * What comes of it is an edit as any other: against the revision that was looked at, merged with everything since.
 *
 * @module
 */

import { compose, invert, type NodeId, Text, type TextOp, transform } from "../../ot/mod.ts";
import type { TouchedItem } from "../../proto/mod.ts";
import { SpaceError } from "../error.ts";
import type { Past } from "../past.ts";
import type { Space } from "../space.ts";
import { edit, type EditResult, type EditStep, type Precondition } from "./edit.ts";
import { type Meant, type Patience, stretchesOf, touched } from "./stretches.ts";
import { editBetween } from "./text_difference.ts";

/** What is to be taken back. */
export interface TakeBackRequest {
  /** All who go by this name, some sites, or changes by their revisions. */
  readonly whose: { readonly kind: "author"; readonly name: string } | Meant;
  /** Only what came after this revision; 0 for everything that is kept. */
  readonly since: number;
  /** Only these files, and what is in these directories. */
  readonly paths?: readonly string[];
  /** Only files with a path like one of these. */
  readonly globs?: readonly string[];
}

/** What was done to a file to take something back. */
export interface TakenBackFile {
  /** Where it is, or where it was if it is removed. */
  readonly path: string;
  /** `kept`: it could not go back all the way; `why` says what stood against it. */
  readonly did: "edited" | "removed" | "restored" | "moved" | "kept";
  /** Of what was kept. */
  readonly why?: string;
}

/** What has become of a request to take something back. */
export interface TakenBack extends EditResult {
  /** By file. */
  readonly done: readonly TakenBackFile[];
}

/** Questions that one request may ask. */
const questionsMax = 5000;

/** A file as it is, and how it would be. */
interface Parallel {
  readonly id: NodeId;
  /** Where it is; undefined if it is removed. */
  readonly path: string | undefined;
  /** Where it would be; undefined if it would not be there. */
  readonly wouldBe: string | undefined;
  /** What it says, or said last. */
  readonly text: Text;
  /** Makes of that what it would say. */
  readonly op: TextOp;
}

/**
 * Takes it back, as one change; resolves when it is durable. Where a file comes back that was edited too, its text
 * follows in a second change.
 *
 * @throws {SpaceError} "author_unknown", "too_much", or why there was no answer.
 */
export async function takeBack(space: Space, request: TakeBackRequest): Promise<TakenBack> {
  const { since, paths = [], globs = [] } = request;
  const { revision, files, authors } = await space.past.changes(since, { paths, globs });
  const meant = meantBy(request.whose, authors);
  const patience: Patience = { left: questionsMax };
  const parallels: Parallel[] = [];
  const done: TakenBackFile[] = [];
  for (const item of files) {
    if (space.workspace.node(item.id)?.kind === "blob") {
      const isMeant = (await stretchesOf(space.past, item, meant, patience)).some(({ isMeant }) => isMeant);
      if (isMeant) done.push({ path: item.path, did: "kept", why: "It is a binary file" });
      continue;
    }
    const parallel = await parallelOf(space.past, item, meant, patience);
    if (parallel !== undefined) parallels.push(parallel);
  }
  const plan = planOf(space, parallels, revision);
  const nothing = { outcome: "applied", changed: false, revision, base: revision, files: [] } as const;
  const result = plan.steps.length === 0 ? nothing : await edit(space, plan);
  const rest = plan.restored.flatMap((parallel) => stepsOfRestored(space, parallel));
  if (rest.length === 0) return { ...result, done: [...plan.done, ...done] };
  return { ...await edit(space, { steps: rest }), changed: true, done: [...plan.done, ...done] };
}

function meantBy(
  whose: TakeBackRequest["whose"],
  authors: Awaited<ReturnType<Past["changes"]>>["authors"],
): Meant {
  if (whose.kind !== "author") return whose;
  const sites = [...authors].filter(([, { name }]) => name === whose.name).map(([site]) => site);
  if (sites.length > 0) return { kind: "sites", sites: new Set(sites) };
  const known = [...new Set([...authors.values()].map(({ name }) => `"${name}"`))];
  const others = known.length === 0 ? "Nobody has" : `${known.slice(0, 20).join(", ")} have`;
  throw new SpaceError("author_unknown", `"${whose.name}" has changed nothing there since. ${others}`);
}

/** Undefined if the file is as it would be. */
async function parallelOf(
  past: Past,
  item: TouchedItem,
  meant: Meant,
  patience: Patience,
): Promise<Parallel | undefined> {
  const { id } = item;
  const stretches = await stretchesOf(past, item, meant, patience);
  if (!stretches.some(({ isMeant }) => isMeant)) return undefined;
  const first = await textAt(past, id, stretches[0]!.from, stretches[0]!.before);
  let wouldBe = first === undefined ? undefined : stretches[0]!.before;
  let path = wouldBe, text = Text.of(first ?? ""), op: TextOp = [];
  for (const { isMeant, to, after } of stretches) {
    const now = await textAt(past, id, to, after);
    // Of a file that is gone, what it said before it went.
    const said = now ?? await textBefore(past, id, to, patience);
    if (said !== undefined) {
      const change = editBetween(text.toString(), said);
      op = isMeant ? compose(invert(change, text), op) : transform(op, change, "left");
      text = Text.of(said);
    }
    const place = now === undefined ? undefined : after;
    // Others have moved what would not be there: it still would not.
    if (!isMeant && place !== path && (path === undefined || wouldBe !== undefined)) wouldBe = place;
    path = place;
  }
  return path === wouldBe && (path === undefined || op.length === 0)
    ? undefined
    : { id, path, wouldBe, text, op };
}

/** What a file said before the change in which it went; undefined if it did not go in that one. */
async function textBefore(
  past: Past,
  id: NodeId,
  revision: number,
  patience: Patience,
): Promise<string | undefined> {
  const gone = await touched(past, id, revision - 1, revision, undefined, patience);
  return gone?.status === "removed" ? await textAt(past, id, revision - 1, gone.path) : undefined;
}

async function textAt(
  past: Past,
  id: NodeId,
  at: number,
  path: string | undefined,
): Promise<string | undefined> {
  // Revision 0 is the empty workspace.
  if (path === undefined || at === 0) return undefined;
  try {
    const { files } = await past.files({ at, paths: [path] });
    return files.find((file) => file.id === id)?.text;
  } catch (error) {
    if (error instanceof SpaceError && error.code === "path_unknown") return undefined;
    throw error;
  }
}

interface Plan {
  readonly steps: EditStep[];
  readonly preconditions: Precondition[];
  /** What comes back first, and is then to be edited or moved. */
  readonly restored: Parallel[];
  readonly done: TakenBackFile[];
}

function planOf(space: Space, parallels: readonly Parallel[], revision: number): Plan {
  const plan: Plan = { steps: [], preconditions: [], restored: [], done: [] };
  const { steps, done } = plan;
  for (const parallel of parallels) {
    const { id, path, wouldBe, text, op } = parallel;
    if (path === undefined) {
      if (space.workspace.node(id) === undefined) {
        done.push({ path: wouldBe!, did: "kept", why: "It was removed so long ago that it is forgotten" });
        continue;
      }
      steps.push({ kind: "restore", node: id });
      plan.restored.push(parallel);
      done.push({ path: wouldBe!, did: "restored" });
      continue;
    }
    // Who has removed it meanwhile has settled it.
    if (!space.workspace.isLive(id)) continue;
    const now = space.pathOf(id);
    if (wouldBe === undefined && text.apply(op).length === 0) {
      // What has been written in it since is not to go with it.
      plan.preconditions.push({ path: now, unchangedSince: revision });
      steps.push({ kind: "remove", path: now });
      done.push({ path: now, did: "removed" });
      continue;
    }
    if (op.length > 0) {
      const wanted = [{ kind: "splices", splices: op }] as const;
      steps.push({ kind: "edit", path, read: { revision }, wanted });
      done.push({ path: now, did: "edited" });
    }
    if (wouldBe === undefined) done.push({ path: now, did: "kept", why: "Others have written in it" });
    else if (wouldBe !== path && wouldBe !== now) {
      if (space.find(wouldBe) !== undefined) {
        done.push({ path: now, did: "kept", why: `There is something else at "${wouldBe}" by now` });
      } else {
        steps.push({ kind: "move", path: now, to: wouldBe });
        done.push({ path: wouldBe, did: "moved" });
      }
    }
  }
  return plan;
}

/** What is left to do to a file that has been brought back. */
function stepsOfRestored(space: Space, { id, wouldBe, text, op }: Parallel): EditStep[] {
  if (!space.workspace.isLive(id)) return [];
  const path = space.pathOf(id), steps: EditStep[] = [];
  if (op.length > 0) {
    const wanted = [{ kind: "splices", splices: op }] as const;
    steps.push({ kind: "edit", path, read: { text: text.toString() }, wanted });
  }
  if (path !== wouldBe && space.find(wouldBe!) === undefined) {
    steps.push({ kind: "move", path, to: wouldBe! });
  }
  return steps;
}

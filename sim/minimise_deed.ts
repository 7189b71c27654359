/**
 * What is simpler than a deed: the simplest deed of all, a simpler kind of deed, the same with less in it.
 *
 * @module
 */

import type { TextOp } from "../ot/mod.ts";
import { numbersTowards } from "./minimise_proposals.ts";
import { type Action, type Deed, whole } from "./scenario.ts";

type Typing = Extract<Action, { do: "type" }>;

/** One character at the start of the first file. */
const keystroke: Typing = { do: "type", file: 0, at: 0, remove: 0, insert: 1, line: 0, atomic: false };

/** Places, the simplest first: the start, the end, the middle, where one was, where somebody else is. */
const places: readonly number[] = [0, whole, whole / 2, -1, -2];

export function* simplerDeeds({ atUs, client, ...action }: Deed): Generator<Deed> {
  for (const simpler of simplerKinds(action)) yield { atUs, client, ...simpler };
  for (const simpler of simplerActions(action)) yield { atUs, client, ...simpler };
}

/** Each kind leads to kinds that are further down, and a keystroke to none. */
function* simplerKinds(action: Action): Generator<Action> {
  switch (action.do) {
    case "type":
    case "select":
    case "ask":
    case "edit":
    case "task":
    case "takeBack":
      return;
    case "demand": {
      const { file, at, remove, insert } = action;
      yield keystroke;
      yield { ...keystroke, file, at, remove, insert };
      return;
    }
    case "rewrite":
    case "replaceAll":
      yield keystroke;
      yield { ...keystroke, remove: 1, insert: 0 };
      yield { ...keystroke, remove: 1000, insert: action.insert };
      return;
    case "checkout":
      yield keystroke;
      yield { do: "create", parent: 0, name: 0, type: "directory", insert: 0 };
      for (const node of [1, 2, 3]) {
        yield { do: "remove", node };
        yield { do: "rename", node, name: 0 };
        yield { do: "move", node, parent: 0 };
      }
      return;
    case "swap":
      yield keystroke;
      yield { do: "rename", node: action.node, name: 0 };
      return;
    case "redo":
      yield keystroke;
      yield { do: "undo" };
      return;
    default:
      yield keystroke;
  }
}

function* simplerActions(action: Action): Generator<Action> {
  switch (action.do) {
    case "type":
      for (const file of numbersTowards(0, action.file)) yield { ...action, file };
      if (action.line > 0) yield { ...action, line: 0 };
      if (action.atomic) yield { ...action, atomic: false };
      for (const insert of numbersTowards(0, action.insert)) yield { ...action, insert };
      for (const remove of numbersTowards(0, action.remove)) yield { ...action, remove };
      for (const at of simplerPlaces(action.at)) yield { ...action, at };
      return;
    case "edit":
      for (const file of numbersTowards(0, action.file)) yield { ...action, file };
      for (const op of simplerOps(action.op)) yield { ...action, op };
      return;
    case "select":
      for (const file of numbersTowards(0, action.file)) yield { ...action, file };
      for (const anchor of simplerPlaces(action.anchor)) yield { ...action, anchor, head: anchor };
      for (const anchor of simplerPlaces(action.anchor)) yield { ...action, anchor };
      for (const head of simplerPlaces(action.head)) yield { ...action, head };
      return;
    case "ask":
      for (const what of numbersTowards(0, action.what)) yield { ...action, what };
      for (const back of numbersTowards(0, action.back)) yield { ...action, back };
      return;
    case "replaceAll":
      for (const insert of numbersTowards(0, action.insert)) yield { ...action, insert };
      for (const every of numbersTowards(1, action.every)) yield { ...action, every };
      return;
    case "rewrite":
      for (const files of numbersTowards(1, action.files)) yield { ...action, files };
      for (const insert of numbersTowards(0, action.insert)) yield { ...action, insert };
      return;
    case "create":
      if (action.type === "directory") yield { ...action, type: "text" };
      for (const insert of numbersTowards(0, action.insert)) yield { ...action, insert };
      for (const name of numbersTowards(0, action.name)) yield { ...action, name };
      for (const parent of numbersTowards(0, action.parent)) yield { ...action, parent };
      return;
    case "put":
      for (const bytes of numbersTowards(0, action.bytes)) yield { ...action, bytes };
      for (const key of numbersTowards(0, action.key)) yield { ...action, key };
      for (const blob of numbersTowards(0, action.blob)) yield { ...action, blob };
      for (const name of numbersTowards(0, action.name)) yield { ...action, name };
      for (const parent of numbersTowards(0, action.parent)) yield { ...action, parent };
      return;
    case "fetch":
      for (const blob of numbersTowards(0, action.blob)) yield { ...action, blob };
      return;
    case "mode":
      for (const file of numbersTowards(0, action.file)) yield { ...action, file };
      return;
    case "rename":
      for (const name of numbersTowards(0, action.name)) yield { ...action, name };
      for (const node of numbersTowards(0, action.node)) yield { ...action, node };
      return;
    case "move":
      for (const parent of numbersTowards(0, action.parent)) yield { ...action, parent };
      for (const node of numbersTowards(0, action.node)) yield { ...action, node };
      return;
    case "remove":
    case "restore":
      for (const node of numbersTowards(0, action.node)) yield { ...action, node };
      return;
    case "swap":
      for (const other of numbersTowards(0, action.other)) yield { ...action, other };
      for (const node of numbersTowards(0, action.node)) yield { ...action, node };
      return;
    case "task":
      for (const task of numbersTowards(0, action.task)) yield { ...action, task };
      return;
    case "takeBack":
      for (const back of numbersTowards(1, action.back)) yield { ...action, back };
      return;
    case "demand":
      for (const what of numbersTowards(0, action.what)) yield { ...action, what };
      for (const back of numbersTowards(0, action.back)) yield { ...action, back };
      for (const node of numbersTowards(0, action.node)) yield { ...action, node };
      for (const file of numbersTowards(0, action.file)) yield { ...action, file };
      for (const insert of numbersTowards(0, action.insert)) yield { ...action, insert };
      for (const remove of numbersTowards(0, action.remove)) yield { ...action, remove };
      for (const at of simplerPlaces(action.at)) yield { ...action, at };
      return;
    case "checkout":
      for (const steps of numbersTowards(1, action.steps)) yield { ...action, steps };
      for (let key = 0; key < Math.min(action.key, 16); key++) yield { ...action, key };
  }
}

function simplerPlaces(at: number): readonly number[] {
  const rank = places.indexOf(at);
  return rank < 0 ? places : places.slice(0, rank);
}

/** An edit that is not carried over anything. */
export function* uncarriedEdits(deed: Deed): Generator<Deed> {
  if (deed.do === "edit" && deed.was !== undefined) yield { ...deed, was: undefined };
}

/** Fewer splices, then less in each. */
function* simplerOps(op: TextOp): Generator<TextOp> {
  for (let index = op.length - 1; op.length > 1 && index >= 0; index--) yield op.toSpliced(index, 1);
  for (const [index, splice] of op.entries()) {
    const characters = [...splice.insert];
    for (const count of numbersTowards(0, characters.length)) {
      const insert = characters.slice(0, count).join("");
      if (insert !== "" || splice.remove > 0) yield op.with(index, { ...splice, insert });
    }
    for (const remove of numbersTowards(0, splice.remove)) {
      if (remove > 0 || splice.insert !== "") yield op.with(index, { ...splice, remove });
    }
  }
}

/**
 * Changes on their way to the shapes of the generated code and back.
 *
 * @module
 */

import "./plain_numbers.ts";
import type { Change, Edit, Splice, Step } from "../ot/mod.ts";
import type { distspace as wire } from "./generated/space.js";
import {
  contentOf,
  contentToWire,
  executableOf,
  idOf,
  idToWire,
  kindOf,
  kindToWire,
  malformed,
} from "./wire.ts";

/** Splices as they come. */
export function splicesOf(splices: readonly wire.Splice[] | null | undefined): Splice[] {
  return (splices ?? []).map(spliceOf);
}

function spliceOf({ at, remove, insert }: wire.Splice): Splice {
  return { at: at ?? 0, remove: remove ?? 0, insert: insert ?? "" };
}

export function changeToWire(change: Change): wire.Change {
  return {
    steps: change.steps.length === 0 ? null : change.steps.map(stepToWire),
    edits: change.edits.map(({ node, op }) => ({ node: idToWire(node), splices: op })),
  };
}

export function changeOf(change: wire.Change | null | undefined): Change {
  // Arrays are made by `map`: one that grows by `push` has room for seventeen, and entries are kept for long.
  return { steps: (change?.steps ?? []).map(stepOf), edits: (change?.edits ?? []).map(editOf) };
}

function editOf({ node, splices }: wire.Edit): Edit {
  return { node: idOf(node), op: splicesOf(splices) };
}

export function stepToWire(step: Step): wire.Step {
  const node = idToWire(step.node);
  switch (step.kind) {
    case "create":
      return {
        node,
        create: {
          parent: idToWire(step.parent),
          name: step.name,
          kind: kindToWire(step.type),
          content: step.content === undefined ? null : contentToWire(step.content),
          executable: step.executable ?? null,
        },
      };
    case "move":
      return { node, move: { parent: idToWire(step.parent) } };
    case "rename":
      return { node, rename: { name: step.name } };
    case "remove":
      return { node, remove: { tombstone: idToWire(step.tombstone) } };
    case "restore":
      return { node, restore: step.tombstone === undefined ? {} : { tombstone: idToWire(step.tombstone) } };
    case "forget":
      return { node, forget: {} };
    case "replace":
      return { node, replace: { content: contentToWire(step.content) } };
    case "mode":
      return { node, mode: step.executable ? { executable: true } : {} };
  }
}

export function stepOf(step: wire.Step): Step {
  const node = idOf(step.node);
  const { create, move, rename, remove, restore, replace, forget, mode } = step;
  if (create) {
    return {
      kind: "create",
      node,
      parent: idOf(create.parent),
      name: create.name ?? "",
      type: kindOf(create.kind),
      ...contentOf(create.content),
      ...executableOf(create.executable),
    };
  }
  if (move) return { kind: "move", node, parent: idOf(move.parent) };
  if (rename) return { kind: "rename", node, name: rename.name ?? "" };
  if (remove) return { kind: "remove", node, tombstone: idOf(remove.tombstone) };
  if (restore) {
    return restore.tombstone
      ? { kind: "restore", node, tombstone: idOf(restore.tombstone) }
      : { kind: "restore", node };
  }
  if (forget) return { kind: "forget", node };
  if (mode) return { kind: "mode", node, executable: mode.executable ?? false };
  if (replace) {
    const { content } = contentOf(replace.content);
    if (content === undefined) throw malformed("a blob is replaced by nothing");
    return { kind: "replace", node, content };
  }
  throw malformed("a step says nothing that is known here");
}

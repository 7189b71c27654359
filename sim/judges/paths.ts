/**
 * What capabilities cover, by another way than the server's: a path is a list of names, a glob a list of patterns, and
 * the two are held against each other from the left.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import type { Reference } from "./reference.ts";

type Kind = "read" | "edit" | "tree";

/** Capabilities, in layers that all have to cover a path. */
export type Layers = readonly (readonly string[])[];

const implied: Readonly<Record<Kind, readonly Kind[]>> = {
  read: ["read", "edit", "tree"],
  edit: ["edit"],
  tree: ["tree"],
};

/** Whether a path is covered. */
export function covers(layers: Layers, kind: Kind, path: readonly string[]): boolean {
  return globsOf(layers, kind).every((globs) => globs.some((glob) => isLike(glob, path)));
}

/** Whether the name of a directory is seen. */
export function seesDirectory(layers: Layers, path: readonly string[]): boolean {
  return globsOf(layers, "read").every((globs) =>
    globs.some((glob) => isLike(glob, path) || leadsOn(glob, path))
  );
}

/** Whether a node is seen that was there at a revision. */
export function sees(layers: Layers, id: NodeId, reference: Reference, revision: number): boolean {
  if (id === root) return true;
  const node = reference.node(id, revision), path = pathOf(id, reference, revision);
  if (node === undefined || path === undefined) return false;
  return node.kind === "directory" ? seesDirectory(layers, path) : covers(layers, "read", path);
}

/** The names from the root to a node; undefined if it was not there. */
export function pathOf(id: NodeId, reference: Reference, revision: number): string[] | undefined {
  const names: string[] = [];
  for (let at = id; at !== root;) {
    const node = reference.node(at, revision);
    if (node === undefined) return undefined;
    names.unshift(node.name);
    at = node.parent;
  }
  return names;
}

const root = "0:0";

function globsOf(layers: Layers, kind: Kind): string[][][] {
  return layers.map((layer) =>
    layer.flatMap((capability) => {
      const colon = capability.indexOf(":");
      const isMeant = implied[kind].some((one) => one === capability.slice(0, colon));
      return isMeant ? [capability.slice(colon + 1).split("/")] : [];
    })
  );
}

function isLike([pattern, ...more]: readonly string[], path: readonly string[]): boolean {
  if (pattern === undefined) return path.length === 0;
  if (pattern === "**") {
    if (more.length === 0) return path.length > 0;
    return isLike(more, path) || (path.length > 0 && isLike([pattern, ...more], path.slice(1)));
  }
  return path.length > 0 && isNameLike(pattern, path[0]!) && isLike(more, path.slice(1));
}

/** Whether something below a path may be like the glob. */
function leadsOn([pattern, ...more]: readonly string[], path: readonly string[]): boolean {
  if (pattern === undefined) return false;
  if (path.length === 0) return true;
  if (pattern === "**") return true;
  return isNameLike(pattern, path[0]!) && leadsOn(more, path.slice(1));
}

/** Of patterns this knows stars and choices, of names alone. */
function isNameLike(pattern: string, name: string): boolean {
  const choice = /^(.*)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (choice !== null) {
    return choice[2]!.split(",").some((one) => isNameLike(`${choice[1]}${one}${choice[3]}`, name));
  }
  const [first, ...parts] = pattern.split("*");
  if (!name.startsWith(first!)) return false;
  if (parts.length === 0) return name === first;
  const last = parts.pop()!;
  let at = first!.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}

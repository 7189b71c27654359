/**
 * Pure values: texts and their operations, the workspace, and the changes that lead from one to the next.
 *
 * @module
 */

export { assert } from "./assert.ts";
export * from "./blob.ts";
export * from "./change.ts";
export { nameBytesMax, nameFault, numberedNames, utf8Length } from "./name.ts";
export { meetings, overlap } from "./overlap.ts";
export { PersistentMap } from "./persistent_map.ts";
export { difference } from "./difference.ts";
export { GlobError, Globs, type GlobState } from "./glob.ts";
export * from "./resolve.ts";
export { revert } from "./revert.ts";
export { Text } from "./text.ts";
export * from "./text_op.ts";
export * from "./workspace.ts";

/**
 * A folder that is kept the same as a workspace: the pure part, which decides. `cli/sync.ts` carries out.
 *
 * @module
 */

export type { FileContent } from "./content.ts";
export { FolderCore, type Intended, type Remembered } from "./core.ts";
export { Ignoring } from "./ignoring.ts";
export * from "./journal.ts";
export { changeOf } from "./change.ts";
export { type NameRules, stateFolder } from "./names.ts";
export { type Synced, SyncedTree } from "./synced_tree.ts";
export type * from "./types.ts";
export { areEqual } from "./upward.ts";

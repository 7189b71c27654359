/**
 * A folder on a disk that is kept the same as a workspace.
 *
 * @module
 */

export * from "./folder.ts";
export { isExecutable, setExecutable } from "./mode.ts";
export { FolderError } from "./state.ts";
export { type Discarded, Trash } from "./trash.ts";
export type { Action, Item, Question } from "./core/mod.ts";

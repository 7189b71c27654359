/**
 * The past of a workspace: questions about it, answered from its log.
 *
 * @module
 */

export { answer } from "./answer.ts";
export { blame, type BlamedLine, type Run, type Touch } from "./blame.ts";
export { differences } from "./difference.ts";
export { entries, type EntriesRequest } from "./entries.ts";
export { HistoryError } from "./error.ts";
export { globMatcher } from "./glob.ts";
export { defaultHistoryLimits, type HistoryLimits } from "./limits.ts";
export { meantBy } from "./meant.ts";
export { MemoryHistory } from "./memory.ts";
export { revisionOf, revisionOrNewest, stateAt, statesAt } from "./moment.ts";
export { type FilePair, type Patch, patchOf } from "./patch.ts";
export { type AnswerPiece, piecesOf, unreadable } from "./pieces.ts";
export { RecentHistory } from "./recent.ts";
export { search } from "./search.ts";
export { chooser, pathUnknown, type Placed, placedFiles, placedNodes, type Selection } from "./selection.ts";
export type { HistorySource } from "./source.ts";
export { touchedFiles } from "./touched.ts";
export { undone, type UndoneRequest } from "./undone.ts";

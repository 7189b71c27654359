/**
 * Changing files that were read a while ago: what HTTP, agents and folders have in common. See {@linkcode edit}.
 *
 * @module
 */

export {
  edit,
  type EditedFile,
  type EditOutcome,
  type EditRequest,
  type EditResult,
  type EditStep,
  type Policy,
  type Precondition,
  type Reading,
} from "./edit.ts";
export { type Lines, linesOf, linesOn } from "./lines.ts";
export { type Merged, mergedOver, movedStretch, type Stretch } from "./merge.ts";
export {
  takeBack,
  type TakeBackRequest,
  type TakenBack,
  type TakenBackFile,
  type Whose,
} from "./take_back.ts";
export { editBetween } from "./text_difference.ts";
export { operationOf, type Wanted } from "./wanted.ts";

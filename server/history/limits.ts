/**
 * How much work one answer may be. Where there is more, the answer says where to go on, or asks for a narrower question.
 *
 * @module
 */

export interface HistoryLimits {
  /** Code units of content or patches in one answer: about so many. */
  readonly answerLength: number;
  /** Nodes, lines, files or places in one answer. */
  readonly items: number;
  /** What a search may cost in one answer: code units, each times what the pattern makes of it. */
  readonly searchCost: number;
  /** What may be left of two texts between equal ends to be compared: code units, and ten more for each line. */
  readonly comparedLength: number;
  /** The same of all texts that one answer compares, and code units that are looked at to find the ends: about so many. */
  readonly comparedTotal: number;
  /** Entries that one answer reads. */
  readonly entries: number;
}

export const defaultHistoryLimits: HistoryLimits = {
  answerLength: 4 << 20,
  items: 20_000,
  searchCost: 8 << 20,
  comparedLength: 3 << 20,
  comparedTotal: 32 << 20,
  entries: 1_000_000,
};

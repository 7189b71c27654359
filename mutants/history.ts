/**
 * Mutants of what is answered about the past.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const historyMutants: readonly Mutant[] = [
  {
    name: "the workspace at a revision is the one after the next entry",
    file: "server/history/moment.ts",
    text: "for (const entry of source.entries(state.revision, revision)) state",
    replacement: "for (const entry of source.entries(state.revision, revision + 1)) state",
    breaks: "the workspace at a revision is the state that was at it",
  },
  {
    name: "an answer is about now, whatever was asked for",
    file: "server/history/answer.ts",
    text: "    revision = revisionOrNewest(source, query.at);\n",
    replacement: "    revisionOrNewest(source, query.at);\n",
    breaks: "an answer is about the revision that was asked for",
  },
  {
    name: "entries in memory are counted from the oldest one",
    file: "server/history/memory.ts",
    text: "return this.#entries.slice(from - this.floor, to - this.floor);",
    replacement: "return this.#entries.slice(from, to);",
    breaks: "the workspace at a revision is the state that was at it",
    by: "laws",
  },
  {
    name: "a file ends with its first piece",
    file: "server/history/answer.ts",
    text: "    } while (at < text.length);",
    replacement: "    } while (false);",
    breaks: "what a file said is told to its end, in pieces",
  },
  {
    name: "an answer that goes on begins after the file where it stopped",
    file: "server/history/answer.ts",
    text: "let [i = 0, at = 0] = numbersOf(query.after, 2);",
    replacement: "let [i = -1, at = 0] = numbersOf(query.after, 2);\n  i++;",
    breaks: "an answer goes on where the one before has stopped",
  },
  {
    name: "the pieces of a blob are all its first one",
    file: "server/history/answer.ts",
    text: "bytes: content.subarray(at, at + pieceBytesMax) };",
    replacement: "bytes: content.subarray(0, pieceBytesMax) };",
    breaks: "the bytes of a blob are those that its hash is of",
  },
  {
    name: "nobody is told which files could be executed",
    file: "server/history/answer.ts",
    text: "...executable && { executable } } as const;",
    replacement: "} as const;",
    breaks: "the workspace at a revision is the state that was at it",
  },
];

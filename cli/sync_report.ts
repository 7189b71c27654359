/**
 * What `deno task sync` prints: plans, questions, and what it does as it does it.
 *
 * @module
 */

import type { Action, Discarded, FolderNews, Item, Question } from "../sync/mod.ts";
import { harmless, wordOf } from "./client_words.ts";

/** So many paths of a kind are named; of the rest, the number. */
const pathsMax = 12;

/** A question, in lines that end with what is asked. */
export function questionReport(question: Question, folder: string, workspace: string): string {
  if (question.kind === "first") {
    const { up, down, same, different, left } = question.plan;
    return [
      `${wordOf(folder)} and the workspace ${wordOf(workspace)} are to be kept the same from now on.`,
      ...listed("to the workspace", up),
      ...listed("to the folder", down),
      ...listed("differ: both stay, the folder's under another name", different),
      ...same > 0 ? [`  ${same} the same already`] : [],
      ...listed("left as they are", left.map(({ path, reason }) => `${path} (${reason})`)),
      ...up.length + down.length + same + different.length === 0
        ? ["  There is nothing on either side."]
        : [],
    ].join("\n");
  }
  const [here, there] = question.side === "folder"
    ? ["the folder", "the workspace"]
    : ["the workspace", "the folder, where they would go to the trash"];
  return [
    `${question.paths.length} files are gone from ${here}. They would be deleted from ${there}:`,
    ...listed("gone", question.paths),
  ].join("\n");
}

function listed(what: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const lines = [
    `  ${paths.length} ${what}:`,
    ...paths.slice(0, pathsMax).map((path) => `    ${shown(path)}`),
  ];
  if (paths.length > pathsMax) lines.push(`    and ${paths.length - pathsMax} more`);
  return lines;
}

/** News as lines, the first sign of each saying which way it goes. */
export function newsReport(news: FolderNews): string[] {
  switch (news.kind) {
    case "up":
      return shortened(news.items.map((item) => `> ${verbOf(item).padEnd(7)} ${shown(news.pathOf(item))}`));
    case "down":
      return shortened(news.actions.map((action) => {
        const to = action.kind === "move" ? ` to ${shown(action.to)}` : "";
        return `< ${verbOf(action).padEnd(7)} ${shown(action.path)}${to}`;
      }));
    case "warn":
      return [news.path === "" ? `! ${news.reason}` : `! ${shown(news.path)}: ${harmless(news.reason)}`];
    case "connection": {
      if (news.isOnline) return [];
      const problem = news.problem === undefined ? "" : `: ${harmless(news.problem)}`;
      return [
        `! There is no connection${problem}. What is done in the folder meanwhile is merged afterwards.`,
      ];
    }
    case "same":
      return [];
  }
}

const verbs: Readonly<Record<string, string>> = {
  make: "create",
  write: "edit",
  discard: "remove",
  unmake: "remove",
};

/** What is done, in a word; of a mode, what a shell would be told. */
function verbOf(done: Item | Action): string {
  if (done.kind === "mode") return done.executable ? "+x" : "-x";
  return verbs[done.kind] ?? done.kind;
}

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= pathsMax) return [...lines];
  return [...lines.slice(0, pathsMax), `${lines[0]![0]} and ${lines.length - pathsMax} more`];
}

/** What is in the trash, a line each. */
export function trashReport(discarded: readonly Discarded[]): string {
  return discarded.map(({ time, path, bytes }) => `${time}  ${String(bytes).padStart(9)}  ${shown(path)}`)
    .join("\n");
}

/** A path as it can be typed again. */
function shown(path: string): string {
  return wordOf(path);
}

/**
 * What one can do in the terminal client: each command with its arguments, what it says of itself, and what it
 * does to the workspace. Nothing is printed here; a command hands out what it comes to.
 *
 * @module
 */

import {
  codes,
  compareIds,
  type Draft,
  type Item,
  type Node,
  type NodeId,
  type Participant,
  replace,
  type Sent,
  type Space,
  SpaceError,
} from "../mod.ts";
import { isTask } from "../proto/mod.ts";
import type { News } from "./client_news.ts";
import { placeOf, positionOf } from "./client_position.ts";
import { participantReport } from "./client_report.ts";
import { CommandError, harmless, wordOf, wordsOf } from "./client_words.ts";

/** Where a command is given. */
export interface Here {
  readonly space: Space;
  readonly news: News;
  readonly participant: Participant;
  readonly workspace: string;
  /** The server's, as the user wrote it. */
  readonly address: string;
}

/** What a command comes to. */
export type Answer =
  /** Text to be shown, which ends with a line feed or is empty. */
  | { readonly kind: "text"; readonly text: string }
  /** A change, on its way; `what` names it when it is settled. */
  | { readonly kind: "sent"; readonly sent: Sent; readonly what: string }
  | { readonly kind: "quit" };

export interface Command {
  readonly name: string;
  /** As in a manual: `[optional]`, and `…` where more words may follow. */
  readonly usage: string;
  readonly summary: string;
  readonly run: (here: Here, words: readonly string[]) => Answer;
}

export const commands: readonly Command[] = [
  command("help", "[COMMAND]", "show what there is", (_, [name]) => shown(helpOf(name))),
  command(
    "ls",
    "[DIR]",
    "list a directory",
    ({ space }, [path = ""]) => shown(listing(space.list(path), space)),
  ),
  command("cat", "FILE", "show what a file says", ({ space }, [path = ""]) => {
    const text = space.read(path);
    return shown(text === "" || text.endsWith("\n") ? text : `${text}\n`);
  }),
  command("put", "FILE TEXT…", "make a file say this; makes the file, too", (here, [path = "", ...words]) => {
    const text = words.join(" ");
    return changed(here, `put ${wordOf(path)}`, (draft) => draft.write(path, text));
  }),
  command("insert", "FILE AT TEXT…", "put a text at a position", (here, [path = "", at = "", ...words]) => {
    return edited(here, "insert", path, at, "0", words.join(" "));
  }),
  command(
    "delete",
    "FILE AT COUNT",
    "take so many code units out",
    (here, [path = "", at = "", count = ""]) => {
      return edited(here, "delete", path, at, count, "");
    },
  ),
  command(
    "replace",
    "FILE AT COUNT TEXT…",
    "put a text in the place of so many code units",
    (here, [path = "", at = "", count = "", ...words]) =>
      edited(here, "replace", path, at, count, words.join(" ")),
  ),
  command("mkdir", "DIR", "make a directory", (here, [path = ""]) => {
    return changed(here, `mkdir ${wordOf(path)}`, (draft) => void draft.make(path, "directory"));
  }),
  command("mv", "FROM TO", "move or rename", (here, [from = "", to = ""]) => {
    // Onto a directory means into it, as everywhere.
    const there = here.space.find(to);
    const into = there?.kind === "directory" && there.path !== here.space.find(from)?.path;
    const target = into ? `${there.path}/${from.split("/").findLast((name) => name !== "") ?? ""}` : to;
    return changed(here, `mv ${wordOf(from)} ${wordOf(to)}`, (draft) => draft.move(from, target));
  }),
  command("rm", "PATH", "remove a file, or a directory with all in it", (here, [path = ""]) => {
    return changed(here, `rm ${wordOf(path)}`, (draft) => draft.remove(path));
  }),
  command("chmod", "+x|-x FILE", "say whether a file can be executed", (here, [mode = "", path = ""]) => {
    if (mode !== "+x" && mode !== "-x") throw new CommandError(`Give +x or -x, not ${wordOf(mode)}`);
    return changed(
      here,
      `chmod ${mode} ${wordOf(path)}`,
      (draft) => draft.setExecutable(path, mode === "+x"),
    );
  }),
  command("removed", "", "list what has been removed, with ids", ({ space }) => {
    return shown(
      table(removedNodes(space).map(({ id, kind }) => [id, wordOf(space.pathOf(id)) + slash(kind)])),
    );
  }),
  command(
    "restore",
    "[ID | PATH]",
    "bring back what was removed: the newest while you were here, or by id or path",
    (here, [what]) => {
      const node = what === undefined ? here.news.lastRemoved : removedNode(here.space, what);
      if (node === undefined) {
        throw new CommandError(
          what === undefined
            ? "Nothing has been removed while you were here. Give an id or a path: the command removed lists them"
            : `Nothing that has been removed has the id or the path ${wordOf(what)}`,
        );
      }
      const path = wordOf(here.space.pathOf(node));
      return changed(here, `restore ${path}`, (draft) => draft.step({ kind: "restore", node }));
    },
  ),
  command("undo", "", "take back your last change", ({ space }) => {
    const done = space.canUndo;
    const sent = space.undo();
    if (sent === undefined) {
      throw new CommandError(done ? "Nothing is left of what you did last" : "There is nothing to undo");
    }
    return { kind: "sent", sent, what: "undo" };
  }),
  command("redo", "", "do again what you undid last", ({ space }) => {
    const sent = space.redo();
    if (sent === undefined) throw new CommandError("There is nothing to redo");
    return { kind: "sent", sent, what: "redo" };
  }),
  command(
    "task",
    "[NAME]",
    "say what you do from now on is a part of; without a name, of nothing",
    (here, [name]) => {
      if (name !== undefined && !isTask(name)) throw new CommandError(codes.bad_task.text);
      here.space.task = name;
      return shown(name === undefined ? "no task\n" : `task ${wordOf(name)}\n`);
    },
  ),
  command("who", "", "show who is here, and where", ({ space, participant }) => {
    const others = space.peers.map(({ participant, node, ranges }) => {
      if (node === undefined || !space.workspace.isLive(node)) return [participantReport(participant)];
      const place = ranges[0] === undefined
        ? ""
        : ` ${placeOf(space.workspace.text(node).toString(), ranges[0].head)}`;
      return [participantReport(participant), wordOf(space.pathOf(node)) + place];
    });
    return shown(table([[`${participantReport(participant)}, you`], ...others]));
  }),
  command("watch", "[FILE]", "show changes of a file, or all, line by line", (here, [path]) => {
    here.news.flush();
    here.news.watch(path === undefined ? undefined : fileOf(here.space, path));
    return shown(`watching ${path === undefined ? "everything" : wordOf(path)}\n`);
  }),
  command("unwatch", "[FILE]", "tell of changes in one line again", (here, [path]) => {
    here.news.flush();
    here.news.unwatch(path === undefined ? undefined : fileOf(here.space, path));
    return shown(`no longer watching ${path === undefined ? "anything" : wordOf(path)}\n`);
  }),
  command("status", "", "show the connection, and what is not durable yet", (here) => shown(statusOf(here))),
  command("quit", "", "leave, when everything is settled", () => ({ kind: "quit" })),
];

/**
 * Does what a line says; undefined if it says nothing.
 *
 * @throws {CommandError | SpaceError} if it cannot be done.
 */
export function run(line: string, here: Here): Answer | undefined {
  const [name, ...words] = wordsOf(line);
  if (name === undefined) return undefined;
  const command = commandOf(name);
  const { least, most } = countsOf(command.usage);
  if (words.length < least || words.length > most) {
    throw new CommandError(`The command is used like this: ${synopsisOf(command)}`);
  }
  return command.run(here, words);
}

/** What is wrong, for people, if that is what the error says; undefined if the error is one of the program. */
export function faultReport(error: unknown): string | undefined {
  if (error instanceof CommandError || error instanceof SpaceError) return harmless(error.message);
  return undefined;
}

/** What the last word of a line may become: names of commands, then paths. */
export function completionsOf(
  line: string,
  paths: readonly string[],
): { readonly word: string; readonly to: string[] } {
  const word = /\S*$/.exec(line)![0];
  const first = line.trimStart() === word;
  const all = first ? commands.map(({ name }) => name) : paths.filter((path) => wordOf(path) === path);
  return { word, to: all.filter((name) => name.startsWith(word)) };
}

/** What there is to say of a command, or of all of them. */
export function helpOf(name?: string): string {
  if (name !== undefined) {
    const command = commandOf(name);
    return `${synopsisOf(command)}\n  ${command.summary}\n`;
  }
  const rows = commands.map((command) => [synopsisOf(command), command.summary]);
  return `${table(rows)}
AT is an offset in UTF-16 code units from 0 on, LINE:COLUMN from 1:1 on, or end.
Quotes keep blanks together: put notes.txt "two  blanks". \\n, \\t, \\" and \\u{1F600} are escapes, but not
within single quotes.
`;
}

function command(name: string, usage: string, summary: string, run: Command["run"]): Command {
  return { name, usage, summary, run };
}

function commandOf(name: string): Command {
  const command = commands.find((other) => other.name === name);
  if (command === undefined) {
    throw new CommandError(`There is no command ${wordOf(name)}: help shows what there is`);
  }
  return command;
}

function synopsisOf({ name, usage }: Command): string {
  return usage === "" ? name : `${name} ${usage}`;
}

/** How many words a command takes. */
function countsOf(usage: string): { readonly least: number; readonly most: number } {
  const words = usage.replace(" | ", "|").split(" ").filter((word) => word !== "");
  const least = words.filter((word) => !word.startsWith("[")).length;
  return { least, most: usage.includes("…") ? Infinity : words.length };
}

function shown(text: string): Answer {
  return { kind: "text", text };
}

/** One command is one change, and one step of undo: it is never joined with others. */
function changed({ space }: Here, what: string, build: (draft: Draft) => void): Answer {
  return { kind: "sent", sent: space.atomically(build), what };
}

function edited(here: Here, verb: string, path: string, at: string, count: string, insert: string): Answer {
  const { space } = here;
  const text = space.read(path);
  const from = positionOf(text, at);
  const remove = /^\d{1,15}$/.test(count) ? Number(count) : NaN;
  if (Number.isNaN(remove)) throw new CommandError(`"${harmless(count)}" is no number of code units`);
  if (from + remove > text.length) {
    throw new CommandError(
      `There are only ${text.length - from} code units from ${placeOf(text, from)} to the end`,
    );
  }
  const answer = changed(here, `${verb} ${wordOf(path)}`, (draft) => {
    draft.edit(draft.file(path), replace(from, remove, insert));
  });
  // So that the others see where one has been at work.
  const after = from + insert.length;
  space.select(path, [{ anchor: after, head: after }]);
  return answer;
}

function fileOf(space: Space, path: string): NodeId {
  const item = space.find(path);
  if (item === undefined) throw new CommandError(`There is nothing at ${wordOf(path)}`);
  if (item.kind !== "text") {
    const kind = item.kind === "blob" ? "binary file" : "directory";
    throw new CommandError(`${wordOf(path)} is a ${kind}: watch a text file, or everything`);
  }
  return item.id;
}

/** The removed node with this id, or with this path: of several, the one that was made last. */
function removedNode(space: Space, what: string): NodeId | undefined {
  const node = space.workspace.node(what);
  if (node !== undefined) return node.id;
  const path = what.normalize("NFC").split("/").filter((name) => name !== "").join("/");
  return removedNodes(space).findLast(({ id }) => space.pathOf(id) === path)?.id;
}

function removedNodes(space: Space): Node[] {
  const nodes = [...space.workspace.nodes()].filter(({ tombstone }) => tombstone !== undefined);
  return nodes.sort((a, b) => compareIds(a.id, b.id));
}

function listing(items: readonly Item[], space: Space): string {
  return table(
    items.map(({ id, name, kind, content, executable }) => [
      wordOf(name) + (executable ? "*" : slash(kind)),
      content !== undefined
        ? `${content.bytes} bytes`
        : kind === "text"
        ? String(space.workspace.text(id).length)
        : "",
    ]),
  );
}

function statusOf({ space, workspace, address }: Here): string {
  const { phase, unsent, problem } = space.status;
  const waiting = unsent === 0
    ? "all is durable"
    : unsent === 1
    ? "1 change is not durable yet"
    : `${unsent} changes are not durable yet`;
  const reason = problem === undefined ? "" : `\n${harmless(problem.message)}`;
  return `${workspace} at ${address}: ${phase}, revision ${space.revision}, ${waiting}${reason}\n`;
}

function slash(kind: Item["kind"]): string {
  return kind === "directory" ? "/" : "";
}

/** Rows of cells, each column as wide as its widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()}\n`).join(
    "",
  );
}

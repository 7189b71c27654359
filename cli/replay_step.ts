/**
 * `--step`: goes through a recording record by record, and shows what there is at each. Commands come from a
 * terminal or a pipe, one a line.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";
import type { Workspace } from "../ot/mod.ts";
import type { Recording } from "../sim/recording_reader.ts";
import { RecordingView } from "../sim/recording_view.ts";
import { CommandError, harmless, wordOf, wordsOf } from "./client_words.ts";
import {
  filesOf,
  onlyWorkspace,
  type Place,
  PlaceError,
  summaryOf,
  timeOf,
  viewAt,
  whoIsThere,
  workspaceOf,
} from "./replay_place.ts";
import {
  inputInWords,
  lengthOf,
  messageInWords,
  number,
  outputInWords,
  peerInWords,
  timeInWords,
} from "./replay_words.ts";

const help = [
  "next [N]            go on by a record, or N of them",
  "back [N]            go back",
  "jump N              go to behind record N; 0 is the beginning",
  "to REVISION         go to where the workspace reaches a revision",
  "at TIME             go to a time: +12.5, or 2026-01-31T12:00:00Z",
  "files               list the files",
  "show PATH           print a file",
  "view WHO [PATH]     list the files of a client as it sees them, or print one; WHO is a connection or a client",
  "who                 show who is connected",
  "where               show where we are",
  "help                show what there is",
  "quit                leave",
];

export class Stepper {
  readonly #view: RecordingView;
  readonly #workspace: string | undefined;

  constructor(view: RecordingView, workspace: string | undefined) {
    this.#view = view;
    this.#workspace = workspace;
  }

  /** The lines that answer a command; undefined if it is to leave. */
  answer(line: string): string[] | undefined {
    try {
      const [command = "", ...words] = wordsOf(line);
      if (["quit", "exit", "q"].includes(command)) return undefined;
      return this.#answer(command, words);
    } catch (error) {
      if (error instanceof PlaceError || error instanceof CommandError) return [`${error.message}.`];
      throw error;
    }
  }

  #answer(command: string, words: readonly string[]): string[] {
    const view = this.#view;
    switch (command) {
      case "":
        return [];
      case "next":
      case "n":
        return this.#go(view.position + countOf(words[0] ?? "1"));
      case "back":
      case "b":
        return this.#go(Math.max(0, view.position - countOf(words[0] ?? "1")));
      case "jump":
      case "j":
        return this.#go(countOf(words[0]));
      case "to": {
        const revision = countOf(words[0]);
        const name = this.#workspace ?? onlyWorkspace(view.recording);
        if (!view.jumpToRevision(name, revision)) {
          return [`There is no revision ${revision}: this is the end.`, ...this.#record()];
        }
        return this.#record();
      }
      case "at":
        view.jumpToTime(timeOf(words[0] ?? "", view.recording.header.startedUs));
        return this.#record();
      case "files":
        return filesIn(view.log.state(this.#name()).workspace);
      case "show":
        return fileIn(view.log.state(this.#name()).workspace, words[0]);
      case "view":
        return this.#viewOf(words[0], words[1]);
      case "who":
        return whoIsThere(view);
      case "where":
        return summaryOf(view);
      case "help":
      case "?":
        return help;
    }
    return [`There is no command ${wordOf(command)}; help lists those there are.`];
  }

  #go(n: number): string[] {
    const before = this.#view.position;
    this.#view.jump(n);
    if (n > this.#view.position && this.#view.position === before) return ["This is the end."];
    return this.#record();
  }

  /** The record that we are behind: what came in, what it said, what came of it. */
  #record(): string[] {
    const view = this.#view, { last } = view;
    if (last === undefined) return ["The beginning."];
    const { record: { n, on, input }, outputs, said } = last;
    const lines = [`${number(n)}  ${timeInWords(view.atUs)}  ${on}: ${inputInWords(input)}`];
    for (const { connection, to, message } of said) {
      const peer = connection === undefined ? undefined : view.traffic.peer(on, connection);
      const workspace = peer?.workspace === undefined
        ? this.#anyWorkspace(on)
        : view.log.state(peer.workspace).workspace;
      const who = peer === undefined ? "" : ` ${peerInWords(peer)}`;
      lines.push(`    ${to === "server" ? "→" : "←"}${who} ${messageInWords(message, workspace)}`);
    }
    for (const output of outputs) if (output.kind !== "send") lines.push(`    ${outputInWords(output)}`);
    const { difference } = view.replayer;
    if (difference?.kind === "outputs" && difference.record.n === n) {
      lines.push("    This is not what was recorded.");
    }
    return lines;
  }

  #anyWorkspace(on: string): Workspace {
    const node = this.#view.replayer.cores.get(on);
    return node?.kind === "client" ? node.core.view : this.#view.log.state("").workspace;
  }

  #viewOf(who: string | undefined, path: string | undefined): string[] {
    if (who === undefined) {
      throw new CommandError("Say whose view: a connection's number, a name, or a client");
    }
    const node = this.#view.replayer.cores.get(who);
    if (node?.kind === "client") {
      return path === undefined ? filesIn(node.core.view) : fileIn(node.core.view, path);
    }
    const peer = this.#view.traffic.peers.findLast(({ connection, participant }) =>
      String(connection) === who || participant?.name === who
    );
    if (peer?.workspace === undefined) throw new CommandError(`There is nobody called ${wordOf(who)} here`);
    const { workspace } = this.#view.log.state(peer.workspace, peer.revision);
    const lines = path === undefined ? filesIn(workspace) : fileIn(workspace, path);
    const { inFlight } = peer;
    const more = inFlight === undefined
      ? ""
      : `, besides its own change ${inFlight.seq}, which is not answered yet`;
    return [`What ${peerInWords(peer)} has been sent, revision ${peer.revision}${more}:`, ...lines];
  }

  #name(): string {
    return workspaceOf(this.#view, this.#workspace);
  }
}

function filesIn(workspace: Workspace): string[] {
  const files = workspace.files().map(({ id, path }) => ({ path, length: lengthOf(workspace, id) }));
  return files.length === 0 ? ["There are no files."] : filesOf(files);
}

function fileIn(workspace: Workspace, path: string | undefined): string[] {
  if (path === undefined) throw new CommandError("Say which file");
  const node = workspace.find(path);
  if (node?.kind !== "text") throw new CommandError(`There is no file ${wordOf(path)}`);
  return harmless(workspace.text(node.id).toString()).split("\n");
}

function countOf(word: string | undefined): number {
  if (word === undefined || !/^\d{1,15}$/.test(word)) throw new CommandError("Say a whole number");
  return Number(word);
}

/** Asks for commands until there are no more; begins at a place, if one is named. */
export async function step(recording: Recording, { to, at, workspace }: Place): Promise<void> {
  const named = to !== undefined || at !== undefined;
  const view = named ? viewAt(recording, { to, at, workspace }) : new RecordingView(recording);
  const stepper = new Stepper(view, workspace);
  const terminal = Deno.stdin.isTerminal();
  const lines = createInterface({
    input: process.stdin,
    terminal,
    output: terminal ? process.stdout : undefined,
  });
  const prompt = () => {
    lines.setPrompt(`${number(view.position)}> `);
    if (terminal) lines.prompt();
  };
  prompt();
  for await (const line of lines) {
    const answer = stepper.answer(line);
    if (answer === undefined) break;
    for (const text of answer) console.log(text);
    prompt();
  }
  lines.close();
}

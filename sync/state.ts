/**
 * The state of a synchronised folder on the disk: its journal, which is also the store of what the client has not got
 * through, and the lock that keeps a second process out.
 *
 * @module
 */

import type { Unsent } from "../client/core/mod.ts";
import type { UnsentStore } from "../client/unsent_store.ts";
import {
  type Action,
  compacted,
  epochLine,
  type FolderCore,
  intendedLines,
  type Journal,
  readJournal,
  stateFolder,
  syncedLines,
  SyncedTree,
  unsentLine,
} from "./core/mod.ts";
import { infoAt } from "./stamp.ts";

/** A journal is written anew when it has so many times the bytes that it needs, and at least so many. */
const growthMax = 4, bytesMin = 1 << 22;

/** Why a folder cannot be synchronised: a name for programs, and a sentence. */
export class FolderError extends Error {
  override readonly name = "FolderError";

  constructor(
    readonly code: "not_a_folder" | "folder_in_use" | "other_workspace" | "state_damaged",
    message: string,
  ) {
    super(message);
  }
}

export class FolderState implements UnsentStore {
  /** What an earlier run knew. */
  readonly journal: Journal;
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  #file: Deno.FsFile;
  #bytes: number;
  #bytesNeeded: number;
  #core: FolderCore | undefined;
  #unsent: Unsent | undefined;
  #epoch: string | undefined;
  /** Whether something was submitted whose frame has not been stored. */
  #isBehind = false;

  /**
   * Opens the state of the folder `root`, and keeps others out.
   *
   * @throws {FolderError}
   */
  constructor(root: string, workspace: string) {
    const folder = `${root}/${stateFolder}`;
    if (infoAt(folder)?.isSymlink) throw new FolderError("state_damaged", `${folder} is a link`);
    Deno.mkdirSync(folder, { recursive: true });
    // Git is not to take it for a part of what it looks after.
    Deno.writeTextFileSync(`${folder}/.gitignore`, "*\n");
    this.#lock = Deno.openSync(`${folder}/lock`, { create: true, write: true });
    if (!this.#lock.tryLockSync(true)) {
      this.#lock.close();
      throw new FolderError("folder_in_use", `Another process synchronises ${root} already.`);
    }
    this.#path = `${folder}/journal`;
    try {
      this.journal = this.#read(workspace);
      this.#unsent = this.journal.unsent as Unsent | undefined;
      this.#epoch = this.journal.epoch;
      const text = compacted(this.journal, this.#unsent) + intendedAgain(this.journal);
      this.#file = this.#writeAnew(text);
      this.#bytes = this.#bytesNeeded = text.length;
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  /** The core whose synced tree is stored. */
  follow(core: FolderCore): void {
    this.#core = core;
  }

  load(): Promise<Unsent | undefined> {
    return Promise.resolve(this.#unsent);
  }

  /** Stores what is unsent and what counts on it, in one piece. */
  save(unsent: Unsent | undefined): Promise<void> {
    this.#unsent = unsent;
    this.#isBehind = false;
    this.#append(unsentLine(unsent) + this.#news());
    return Promise.resolve();
  }

  /** Something is submitted: until its frame is stored, nothing that counts on it is. */
  submitting(): void {
    this.#isBehind = true;
  }

  /** Stores what both sides agree on. */
  store(): void {
    if (this.#isBehind) return;
    const news = this.#news();
    if (news !== "") this.#append(news);
  }

  /** Stores what is about to be written. */
  intend(actions: readonly Action[]): void {
    const lines = intendedLines(actions);
    if (lines !== "") this.#append(lines);
  }

  close(): void {
    this.#file.close();
    this.#lock.close();
  }

  #news(): string {
    if (this.#core === undefined) return "";
    const { epoch, synced } = this.#core;
    const isNew = epoch !== undefined && epoch !== this.#epoch;
    this.#epoch = epoch;
    return (isNew ? epochLine(epoch) : "") + syncedLines(synced.takeUnstored());
  }

  #append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    this.#bytes += bytes.length;
  }

  /** Writes the journal anew if it has become much longer than it need be. When nothing is under way. */
  tidy(): void {
    if (this.#core === undefined || this.#isBehind) return;
    if (this.#bytes < Math.max(bytesMin, growthMax * this.#bytesNeeded)) return;
    const { epoch, synced } = this.#core;
    const all = compacted({ workspace: this.journal.workspace, epoch, synced }, this.#unsent);
    this.#file.close();
    this.#file = this.#writeAnew(all);
    this.#bytes = this.#bytesNeeded = all.length;
  }

  #read(workspace: string): Journal {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return {
        workspace,
        epoch: undefined,
        unsent: undefined,
        synced: new SyncedTree(),
        intended: new Map(),
      };
    }
    let journal: Journal;
    try {
      journal = readJournal(text);
    } catch (error) {
      throw new FolderError(
        "state_damaged",
        `Cannot read ${this.#path}: ${
          error instanceof Error ? error.message : error
        }. Without this file the folder ` +
          "is joined anew, and nothing in it is lost.",
      );
    }
    if (journal.workspace === workspace) return journal;
    throw new FolderError(
      "other_workspace",
      `This folder belongs to the workspace "${journal.workspace}", not to "${workspace}".`,
    );
  }

  #writeAnew(text: string): Deno.FsFile {
    const draft = `${this.#path}.new`;
    Deno.writeTextFileSync(draft, text);
    Deno.renameSync(draft, this.#path);
    return Deno.openSync(this.#path, { append: true });
  }
}

/** What an earlier run was about to write is of interest until it is known whether it has. */
function intendedAgain({ intended }: Journal): string {
  let lines = "";
  for (const [path, { node, text }] of intended) {
    lines += `${JSON.stringify({ intended: { node, path, text: text.toString() } })}\n`;
  }
  return lines;
}

/**
 * A folder on a real disk that is kept the same as a workspace: the shell around the core of `sync/core/`. It looks, acts,
 * stores and tells; what is done is decided in there.
 *
 * @module
 */

import { type Dial, Space, SpaceError, type SpaceOptions } from "../client/mod.ts";
import { Text } from "../ot/mod.ts";
import type { Participant } from "../proto/mod.ts";
import {
  type Action,
  changeOf,
  FolderCore,
  type FolderInput,
  type FolderOutput,
  Ignoring,
  type Item,
  type NameRules,
  type Question,
  stateFolder,
  type SyncedTree,
} from "./core/mod.ts";
import { Actor, type Writing } from "./act.ts";
import { isHeldBy } from "./content.ts";
import { scan } from "./scan.ts";
import { FolderError, FolderState } from "./state.ts";
import { hasModes } from "./mode.ts";
import { infoAt } from "./stamp.ts";
import { Trash } from "./trash.ts";
import { Watcher } from "./watcher.ts";

/** What it takes to keep a folder the same as a workspace. */
export interface FolderOptions {
  readonly directory: string;
  readonly dial: Dial;
  readonly workspace: string;
  readonly name: string;
  readonly kind?: Participant["kind"];
  /** Says who one is and what one may do, where the server asks for that. */
  readonly token?: string;
  /** What one's changes are signed with. */
  readonly sign?: Required<SpaceOptions>["sign"];
  readonly openTimeoutMs?: number;
  /** Answers a question: go on, bring back what was deleted, or leave everything as it is and stop. */
  readonly ask: (question: Question) => Promise<"go on" | "bring back" | "stop">;
  /** What the disk can tell apart; found out if left out. */
  readonly rules?: NameRules;
  /** Is told what is done. */
  readonly tell?: (news: FolderNews) => void;
}

/** What is done, for those who look on. */
export type FolderNews =
  | { readonly kind: "up"; readonly items: readonly Item[]; readonly pathOf: (item: Item) => string }
  | { readonly kind: "down"; readonly actions: readonly Action[] }
  | { readonly kind: "warn"; readonly path: string; readonly reason: string }
  | { readonly kind: "connection"; readonly isOnline: boolean; readonly problem: string | undefined }
  /** Both sides are the same, with so many files and directories. */
  | { readonly kind: "same"; readonly nodes: number };

/** How it ended: asked to, by the answer to a question, or for a reason. */
export type FolderEnd =
  | { readonly kind: "closed" | "stopped" }
  | { readonly kind: "failed"; readonly reason: string };

type Happening = FolderInput extends infer I ? I extends unknown ? Omit<I, "workspace"> : never : never;

/** What is in the trash stays for so long. */
const trashMs = 30 * 86_400_000;
/** Everything is looked at once in so many times what that takes, and no more often than so. */
const rescanTimes = 5000, rescanMsMin = 300_000;

export class SyncedFolder {
  readonly #options: FolderOptions;
  readonly #root: string;
  readonly #state: FolderState;
  readonly #trash: Trash;
  readonly #actor: Actor;
  readonly #rules: NameRules;
  readonly #core: FolderCore;
  readonly #watcher: Watcher;
  readonly #ended = Promise.withResolvers<FolderEnd>();
  #space!: Space;
  #ignoring = new Ignoring();
  #isClosing = false;
  #rescan: ReturnType<typeof setTimeout> | undefined;
  /** What is under way on the disk. */
  #work: Promise<void> = Promise.resolve();
  #idle = Promise.withResolvers<void>();
  #isOnline = false;
  /** The change that was submitted last, by its number; and whether it is being made. */
  #sent: number | undefined;
  #isSubmitting = false;

  private constructor(options: FolderOptions, root: string) {
    this.#options = options;
    this.#root = root;
    this.#state = new FolderState(root, options.workspace);
    try {
      this.#trash = new Trash(root);
      this.#trash.prune(Date.now() - trashMs);
      this.#rules = options.rules ?? rulesOf(root);
      const { hasModes } = this.#rules;
      this.#actor = new Actor(root, this.#trash, hasModes, (action) => this.#bytesOf(action));
      this.#core = new FolderCore(this.#rules, this.#state.journal);
      this.#state.follow(this.#core);
      this.#watcher = new Watcher(root, (paths) => this.#step({ kind: "disk", paths }));
    } catch (error) {
      this.#state.close();
      throw error;
    }
  }

  /**
   * Opens the workspace, and begins.
   *
   * @throws {FolderError} if the folder cannot be synchronised. @throws {SpaceError} if the server turns us away.
   */
  static async open(options: FolderOptions): Promise<SyncedFolder> {
    SyncedFolder.expectFolder(options.directory);
    Deno.mkdirSync(options.directory, { recursive: true });
    const folder = new SyncedFolder(options, Deno.realPathSync(options.directory));
    try {
      await folder.#open();
    } catch (error) {
      await folder.#release();
      throw error;
    }
    return folder;
  }

  /** @throws {FolderError} if what is at this path is no folder, and can be none. */
  static expectFolder(directory: string): void {
    if (infoAt(directory)?.isFile) throw new FolderError("not_a_folder", `${directory} is a file.`);
  }

  /** Resolves when it has ended. */
  get ended(): Promise<FolderEnd> {
    return this.#ended.promise;
  }

  /** Resolves when both sides are the same, as far as is known. */
  async same(): Promise<void> {
    while (!this.#core.isIdle) await this.#idle.promise;
  }

  /** What both sides agree on. */
  get synced(): SyncedTree {
    return this.#core.synced;
  }

  /** Ends it. What has not been done by then is done by the next run. */
  async close(): Promise<void> {
    await this.#end({ kind: "closed" });
  }

  async #open(): Promise<void> {
    const { dial, workspace, name, kind = "human", token, sign, openTimeoutMs } = this.#options;
    this.#space = await Space.open({
      dial,
      workspace,
      name,
      kind,
      unsent: this.#state,
      ...token === undefined ? {} : { token },
      ...openTimeoutMs === undefined ? {} : { openTimeoutMs },
      ...sign === undefined ? {} : { sign },
    });
    const space = this.#space;
    space.on("edited", ({ node }) => this.#step({ kind: "workspace", nodes: [node] }));
    space.on(
      "tree",
      ({ changes }) => this.#step({ kind: "workspace", nodes: changes.map(({ node }) => node) }),
    );
    for (const outcome of space.recovered) this.#recovered(outcome);
    space.on("settled", ({ changes, outcome }) => {
      const isOwn = this.#isSubmitting || changes.some((number) => number === this.#sent);
      if (outcome.kind === "refused" && !isOwn) this.#recovered(outcome);
    });
    space.on("renumbered", ({ ids }) => this.#step({ kind: "renumbered", ids }));
    space.on("status", () => this.#status());
    this.#status();
  }

  #status(): void {
    const { phase, unsent, problem } = this.#space.status;
    if (phase === "ended") {
      return void this.#end({
        kind: "failed",
        reason: problem?.message ?? "The server has ended the session",
      });
    }
    const isOnline = phase === "online";
    if (isOnline !== this.#isOnline) {
      this.#isOnline = isOnline;
      this.#tell({ kind: "connection", isOnline, problem: problem?.message });
    }
    this.#step({ kind: "status", isReady: isOnline && unsent === 0, epoch: this.#space.epoch });
  }

  #step(happening: Happening): void {
    if (this.#isClosing) return;
    try {
      const outputs = this.#core.step({ ...happening, workspace: this.#space.workspace } as FolderInput);
      for (const output of outputs) this.#carryOut(output);
    } catch (error) {
      this.#fail(error);
    }
  }

  #carryOut(output: FolderOutput): void {
    switch (output.kind) {
      case "look":
        return this.#begin(() => this.#look());
      case "act": {
        const { actions } = output;
        this.#tell({ kind: "down", actions });
        return this.#begin(async () => {
          this.#state.intend(actions);
          const results = await this.#actor.act(actions);
          this.#step({ kind: "acted", results });
          this.#state.store();
        });
      }
      case "submit":
        return this.#submit(output.items);
      case "ask":
        return this.#begin(() => this.#ask(output.question));
      case "warn":
        return this.#tell(output);
      case "same":
        this.#state.store();
        this.#state.tidy();
        this.#tell({ kind: "same", nodes: this.#core.synced.size });
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
    }
  }

  #begin(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isClosing) return;
      try {
        await work();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  async #look(): Promise<void> {
    // Both ends of a move have to be seen at once: what is being told of it is waited for.
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.#watcher.flush();
    const places = this.#core.placesToLook(), startMs = performance.now();
    const { looks, ignoring } = await scan(places, this.#ignoring, {
      root: this.#root,
      synced: this.#core.synced,
      limits: this.#space.limits,
      rules: this.#rules,
    });
    this.#ignoring = ignoring;
    if (places === "all") this.#rescanAfter(rescanTimes * (performance.now() - startMs));
    // A folder that is not there any more has not been emptied.
    if (infoAt(`${this.#root}/.dist-space/journal`) === undefined) {
      throw new Error(`The folder ${this.#root}, or its state in .dist-space, has gone away`);
    }
    this.#step({ kind: "looked", looks, ignoring });
  }

  /** Events may get lost: once in a while all is looked at without being told to. */
  #rescanAfter(ms: number): void {
    clearTimeout(this.#rescan);
    if (this.#isClosing) return;
    this.#rescan = setTimeout(() => this.#step({ kind: "disk", paths: "all" }), Math.max(rescanMsMin, ms));
  }

  /** A change that an earlier run has left was refused. */
  #recovered({ change, problem }: Space["recovered"][number]): void {
    if (problem.code === "unsent") return;
    const nodes = [...change.steps, ...change.edits].map(({ node }) => node);
    this.#tell({
      kind: "warn",
      path: "",
      reason: `what was not sent before was refused: ${problem.message}`,
    });
    this.#step({ kind: "recovered", nodes });
  }

  #submit(items: readonly Item[]): void {
    const space = this.#space;
    this.#tell({ kind: "up", items, pathOf: (item) => pathOf(item, items, space) });
    const contents = this.#contentsOf(items);
    if (contents === undefined) return this.#step({ kind: "outdated" });
    let ids: readonly string[] = [];
    let settled: Promise<{ readonly kind: string; readonly problem?: { readonly message: string } }>;
    this.#isSubmitting = true;
    try {
      const sent = space.atomically((draft) => {
        const made = changeOf(items, () => draft.mint(), (node) => draft.workspace.node(node)!);
        ids = made.ids;
        draft.add(made.change, contents);
      });
      this.#sent = sent.number;
      settled = sent.settled;
      this.#state.submitting();
    } catch (error) {
      settled = Promise.resolve({ kind: "refused", problem: { message: String(error) } });
      ids = items.flatMap((item) => item.kind === "create" ? [item.node] : []);
    } finally {
      this.#isSubmitting = false;
    }
    this.#step({ kind: "submitted", ids });
    settled.then(({ kind, problem }) => {
      this.#step({
        kind: "settled",
        refusal: kind === "refused" ? problem?.message ?? "it was refused" : undefined,
      });
      this.#state.store();
    });
  }

  /** The bytes of files that are no texts, as the folder has them; undefined if one has been changed meanwhile. */
  #contentsOf(items: readonly Item[]): { readonly hash: string; readonly bytes: Uint8Array }[] | undefined {
    const contents = [];
    for (const item of items) {
      if (item.kind !== "create" && item.kind !== "replace") continue;
      const { content, path } = item;
      if (content === undefined || content instanceof Text) continue;
      const full = `${this.#root}/${path}`;
      const bytes = infoAt(full)?.isFile ? Deno.readFileSync(full) : new Uint8Array();
      if (!isHeldBy(bytes, content)) return undefined;
      contents.push({ hash: content.hash, bytes });
    }
    return contents;
  }

  /** What is to be written; undefined if it cannot be had now, or is something else by now. */
  async #bytesOf({ node, content }: Writing): Promise<Uint8Array | undefined> {
    if (content instanceof Text) return new TextEncoder().encode(content.toString());
    try {
      const bytes = await this.#space.readBytes(this.#space.pathOf(node));
      return isHeldBy(bytes, content) ? bytes : undefined;
    } catch (error) {
      if (error instanceof SpaceError) return undefined;
      throw error;
    }
  }

  async #ask(question: Question): Promise<void> {
    const answer = await this.#options.ask(question);
    if (answer === "stop") return void this.#end({ kind: "stopped" });
    this.#step({ kind: "answered", bringsBack: answer === "bring back" });
    this.#state.store();
  }

  #tell(news: FolderNews): void {
    this.#options.tell?.(news);
  }

  #fail(error: unknown): void {
    this.#end({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }

  async #end(end: FolderEnd): Promise<void> {
    if (this.#isClosing) return void await this.#ended.promise;
    this.#isClosing = true;
    clearTimeout(this.#rescan);
    await this.#release();
    this.#ended.resolve(end);
  }

  async #release(): Promise<void> {
    this.#isClosing = true;
    await this.#watcher.close();
    // Undefined if it could not be opened.
    await (this.#space as Space | undefined)?.close();
    this.#state.close();
  }
}

/** What the file system of a folder can tell apart: tried out. */
function rulesOf(root: string): NameRules {
  const isWindows = Deno.build.os === "windows";
  const upper = infoAt(`${root}/.DIST-SPACE`), lower = infoAt(`${root}/.dist-space`);
  const foldsCase = upper !== undefined && upper.ino === lower?.ino;
  return {
    keyOf: foldsCase ? (file) => file.normalize("NFC").toUpperCase().toLowerCase() : (file) => file,
    isWindows,
    hasModes: hasModes(`${root}/${stateFolder}/.gitignore`),
  };
}

/** The path of what an item of a change is about. */
function pathOf(item: Item, items: readonly Item[], space: Space): string {
  if (item.kind === "create" || item.kind === "move") {
    const parent = items.find((other) => other.kind === "create" && other.node === item.parent);
    const above = parent === undefined ? space.pathOf(item.parent) : pathOf(parent, items, space);
    return above === "" ? item.name : `${above}/${item.name}`;
  }
  return space.pathOf(item.node);
}

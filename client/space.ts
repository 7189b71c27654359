/**
 * The client SDK: a workspace that others edit at the same time, as an object.
 *
 *     const space = await Space.open({ dial: tcp("127.0.0.1", 8000), workspace: "demo", name: "Ada" });
 *     space.create("notes.txt", "Hello");
 *     const change = space.insert("notes.txt", 5, ", world");
 *     console.log(await change.settled);
 *
 * Everything one does takes effect here at once, and goes to the server by itself; a lost connection is made
 * again by itself. Nothing typed is lost: what was refused comes back with the reason.
 *
 * @module
 */

import { type Deferred, deferred, type Transport } from "../net/mod.ts";
import {
  type BlobContent,
  type Node,
  type NodeId,
  type NodeKind,
  replace,
  type TextOp,
  type Workspace,
} from "../ot/mod.ts";
import {
  type Answer,
  joined,
  type Limits,
  type Participant,
  type Query,
  type Range,
  toHex,
} from "../proto/mod.ts";
import {
  type ChangeNumber,
  ClientCore,
  type ClientEvent,
  type ClientInput,
  type Outcome,
  type OwnContent,
  type Peer,
  type Problem,
  type Unsent,
} from "./core/mod.ts";
import { SpaceError } from "./error.ts";
import { Past, type When, workspaceOf } from "./past.ts";
import type { Dial } from "./dial.ts";
import { Draft, hashOf, notLoaded, textFile } from "./draft.ts";
import type { UnsentStore } from "./unsent_store.ts";

/** What it takes to open a workspace. */
export interface SpaceOptions {
  /** How to reach the server. */
  readonly dial: Dial;
  /** The name of the workspace. */
  readonly workspace: string;
  /** Who one is to the others. */
  readonly name: string;
  /** What one is: decides budgets, and is shown to the others. A human if left out. */
  readonly kind?: Participant["kind"];
  /** Says who one is and what one may do, where the server asks for that; then it decides name and kind, too. */
  readonly token?: string;
  /** Sign all changes with an Ed25519 key, so that the log shows whose they are: the 32 bytes of its secret half. */
  readonly sign?: { readonly secretKey: Uint8Array };
  /** What one does is a part of, by any name: every change carries it. See {@linkcode Space.task}. */
  readonly task?: string;
  /** Where to keep what could not be sent, and to find what an earlier run left. */
  readonly unsent?: UnsentStore;
  /** Ask for a hint when a change has its place in the order, before it is durable. */
  readonly accepted?: boolean;
  /** Get the tree alone to begin with, and texts only of files that are loaded: see {@linkcode Space.load}. */
  readonly lazy?: boolean;
  /** Fails with "workspace_unknown" if there is no such workspace, where it would be made otherwise. */
  readonly existing?: boolean;
  /** Gives up opening after so many milliseconds; 0 waits for ever. */
  readonly openTimeoutMs?: number;
}

/** A file or directory, as it stands. */
export interface Item {
  /** Its identity, which never changes. */
  readonly id: NodeId;
  /** Its names from the root on, with "/" between them. */
  readonly path: string;
  /** Its own name. */
  readonly name: string;
  /** Text file, binary file ("blob") or directory. */
  readonly kind: NodeKind;
  /** What a binary file holds, by hash and number of bytes. */
  readonly content?: BlobContent;
  /** Of a file that can be executed. */
  readonly executable?: true;
}

/** Something one did, on its way. */
export interface Sent {
  /** Counts one's own changes, from 1. */
  readonly number: ChangeNumber;
  /** Resolves when the change is durable or refused; never rejects. */
  readonly settled: Promise<Exclude<Outcome, { kind: "accepted" }>>;
}

/** What can be listened to, and what the listener is given. */
export interface SpaceEvents {
  /** A text has changed: by others, by undo, or by one's own doing (`origin` tells). */
  edited: Extract<ClientEvent, { kind: "edited" }>;
  /** Nodes have come, gone, or been moved or renamed, blobs replaced, files made executable or not. */
  tree: Extract<ClientEvent, { kind: "tree" }>;
  /** Somebody has come, gone or moved: `peers` says what is now. */
  presence: Extract<ClientEvent, { kind: "presence" }>;
  /** A file of a workspace that was opened lazily is loaded, and says this so far. */
  loaded: Extract<ClientEvent, { kind: "loaded" }>;
  /** The connection or the amount of unsent work has changed. */
  status: Extract<ClientEvent, { kind: "status" }>;
  /** Own changes have been accepted, stored or refused. */
  settled: Extract<ClientEvent, { kind: "settled" }>;
  /** A later revision is known here, also if nothing in it is seen or loaded. */
  revision: { readonly revision: number };
  /** Ids of nodes that nobody else has seen have changed. */
  renumbered: Extract<ClientEvent, { kind: "renumbered" }>;
  /** Something has gone wrong on this side that nobody is waiting for: "store_failed". */
  problem: Problem;
}

/** A workspace on a server, as one client has it. */
export class Space {
  readonly #core: ClientCore;
  readonly #dial: Dial;
  readonly #store: UnsentStore | undefined;
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  readonly #waiting = new Map<ChangeNumber, (outcome: Exclude<Outcome, { kind: "accepted" }>) => void>();
  readonly #opened = deferred<void>();
  #transport: Transport | undefined;
  #written: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastUs = 0;
  /** The revision that was told last. */
  #toldRevision = 0;
  #saving: Promise<void> | undefined;
  /** Settled by the next save to begin, which has all that is unsaved now; undefined if nothing is. */
  #nextSave: Deferred<void> | undefined;
  #status: SpaceEvents["status"] | undefined;
  /** What the last own change came to at once, if it was refused. */
  #refusal: { readonly code: string; readonly message: string } | undefined;
  #building: Draft | undefined;
  readonly #recovered: Extract<Outcome, { kind: "refused" }>[] = [];
  /** Takes the pieces of the answers that are awaited, by the number of the question. */
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #nextQuestion = 1;

  /**
   * What one does from now on is a part of, by any name of at most 100 code units; undefined for nothing in particular.
   * The log keeps it with each change, so that what was done for one thing can be found, and taken back. Typing for two
   * tasks is never put together.
   */
  task: string | undefined;

  /** The workspace as it was, and what has become of it since. */
  readonly past: Past = new Past((query) => this.#ask(query));

  private constructor(
    options: SpaceOptions,
    unsent: Unsent | undefined,
    contents: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {
    this.#dial = options.dial;
    this.#store = options.unsent;
    this.task = options.task;
    this.#core = new ClientCore({
      workspace: options.workspace,
      participant: { name: options.name, kind: options.kind ?? "human" },
      seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
      accepted: options.accepted ?? false,
      ...options.token === undefined ? {} : { token: options.token },
      ...options.sign === undefined ? {} : { signingKey: toHex(options.sign.secretKey) },
      lazy: options.lazy ?? false,
      existing: options.existing ?? false,
      ...unsent === undefined ? {} : { unsent, contents: contentsOf(contents) },
    });
  }

  /**
   * Opens a workspace, and resolves when it is there.
   *
   * @throws {SpaceError} if the server turns this client away, or does not answer in time; if the store holds work
   * of another workspace.
   */
  static async open(options: SpaceOptions): Promise<Space> {
    const unsent = await options.unsent?.load();
    if (unsent !== undefined && unsent.workspace !== options.workspace) {
      throw new SpaceError(
        "other_workspace",
        `What is unsent is of the workspace "${unsent.workspace}", not of "${options.workspace}"`,
      );
    }
    const contents = unsent === undefined ? undefined : await options.unsent?.loadContents?.();
    const space = new Space(options, unsent, contents);
    const timeoutMs = options.openTimeoutMs ?? 30_000;
    const timer = timeoutMs === 0 ? undefined : setTimeout(() => {
      const reason = space.#status?.problem?.message ?? "there was no answer";
      space.#opened.reject(new SpaceError("open_timeout", `Cannot open ${options.workspace}: ${reason}`));
    }, timeoutMs);
    space.#step({ kind: "start", nowUs: space.#nowUs() });
    try {
      await space.#opened.promise;
    } catch (error) {
      await space.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return space;
  }

  // Looking ---------------------------------------------------------------------------------------------------

  /** The whole workspace as one sees it, as a value that never changes. */
  get workspace(): Workspace {
    return this.#core.view;
  }

  /** The newest revision that is known here. */
  get revision(): number {
    return this.#core.revision;
  }

  /** Which log the revision speaks of: another one after the server has lost its log, or was put back to a backup. */
  get epoch(): string {
    return this.#core.epoch;
  }

  /** The number that stands for oneself in what others are told, and in the ids one makes. */
  get site(): number {
    return this.#core.site;
  }

  /** Who goes, or went, by a site; undefined if nothing is known of it. */
  authorOf(site: number): Participant | undefined {
    return this.#core.authorOf(site);
  }

  /** What the server allows. */
  get limits(): Limits {
    return this.#core.limits!;
  }

  /** Whether there is a connection, and how much is not durable yet. */
  get status(): SpaceEvents["status"] {
    return this.#status!;
  }

  /** Who else is here, with their cursors in positions of the present texts. */
  get peers(): readonly Peer[] {
    return this.#core.peers;
  }

  /** What an earlier run left in the store and could not be done, oldest first: nobody else has it any more. */
  get recovered(): readonly Extract<Outcome, { kind: "refused" }>[] {
    return this.#recovered;
  }

  /** What is in a directory, sorted by name. */
  list(path = ""): Item[] {
    const directory = this.#existing(path);
    if (directory.kind !== "directory") throw new SpaceError("not_a_directory", `"${path}" is a file`);
    return this.workspace.children(directory.id).map((node) => this.#item(node));
  }

  /** All files, sorted by path. */
  files(): Item[] {
    return this.workspace.files().map(({ id }) => this.#item(this.workspace.node(id)!));
  }

  /** The file or directory at a path; undefined if there is none. */
  find(path: string): Item | undefined {
    const node = this.workspace.find(path.normalize("NFC"));
    return node && this.#item(node);
  }

  /** What a text file says. Throws `not_loaded` if a lazy client has not loaded it. */
  read(path: string): string {
    const id = this.#file(path);
    if (!this.#core.isLoaded(id)) throw notLoaded(path);
    return this.workspace.text(id).toString();
  }

  /** Whether what a file says is here: always, unless the workspace was opened lazily. */
  isLoaded(path: string): boolean {
    return this.#core.isLoaded(this.#file(path));
  }

  /** Whether the text of a node is here, removed or not. */
  hasText(id: NodeId): boolean {
    return this.#core.isLoaded(id);
  }

  /**
   * Gets the texts of files, where the workspace was opened lazily; from then on they follow everybody's edits. Resolves
   * when they are here, which without a connection takes as long as it takes. What one creates oneself is loaded.
   *
   * @throws {SpaceError} if there is no such file, or the workspace is closed meanwhile.
   */
  async load(...paths: string[]): Promise<void> {
    await this.loadNodes(paths.map((path) => this.#file(path)));
  }

  /** The same by ids; what is removed can be loaded too. */
  async loadNodes(ids: readonly NodeId[]): Promise<void> {
    this.#step({ kind: "load", nodes: ids, nowUs: this.#nowUs() });
    while (ids.some((id) => this.#core.isLoading(id))) {
      if (this.#core.phase === "ended") {
        throw new SpaceError("closed", "The workspace was closed before the files were loaded");
      }
      const { promise, resolve } = deferred<void>();
      const off = [this.on("loaded", () => resolve()), this.on("status", () => resolve())];
      await promise;
      off.forEach((off) => off());
    }
    const missing = ids.find((id) => !this.#core.isLoaded(id));
    if (missing !== undefined) throw new SpaceError("not_found", "The file is not there any more");
  }

  /**
   * The bytes of a file: of a binary file as they were put there, of a text file its UTF-8. Those of others are fetched
   * from the server.
   *
   * @throws {SpaceError} if there is no such file, or the server cannot be asked now.
   */
  async readBytes(path: string): Promise<Uint8Array> {
    const node = this.#existing(path);
    if (node.kind === "text") return new TextEncoder().encode(this.workspace.text(node.id).toString());
    if (node.content === undefined) throw new SpaceError("not_a_file", `"${path}" is a directory`);
    const { hash } = node.content;
    const own = this.#core.contents().get(hash);
    if (own !== undefined) return own.slice();
    // What an undo is about to bring back is of an earlier revision: the server says what it is once that is done.
    if (this.#core.confirmed?.bytesOf(hash) === undefined) await this.settled();
    const parts: Uint8Array[] = [];
    const query = { question: { kind: "blob", hash }, paths: [], globs: [], after: "" } as const;
    for await (const answer of this.#ask({ ...query, at: { revision: this.revision, time: 0 } })) {
      if (answer.code !== "") throw new SpaceError(answer.code, answer.message);
      for (const item of answer.items) if (item.kind === "bytes") parts.push(item.bytes);
    }
    const bytes = joined(parts);
    if (hashOf(bytes) === hash) return bytes;
    throw new SpaceError("damaged", `What the server sent of "${path}" is not what the file holds`);
  }

  /** The path of a node, by its id. */
  pathOf(id: NodeId): string {
    return this.workspace.pathOf(id);
  }

  // Changing --------------------------------------------------------------------------------------------------

  /** Makes a file with a text, and the directories above it that are missing. */
  create(path: string, text = ""): Sent {
    return this.#do((draft) => {
      const id = draft.make(path, "text");
      draft.edit(id, replace(0, 0, text));
    });
  }

  /** Makes a directory, and those above it that are missing. */
  createDirectory(path: string): Sent {
    return this.#do((draft) => void draft.make(path, "directory"));
  }

  /** Puts text before position `at` of a file, counted in UTF-16 code units. */
  insert(path: string, at: number, text: string): Sent {
    return this.replace(path, at, 0, text);
  }

  /** Takes `count` UTF-16 code units out of a file. */
  delete(path: string, at: number, count: number): Sent {
    return this.replace(path, at, count, "");
  }

  /** Puts text in the place of `count` UTF-16 code units of a file. */
  replace(path: string, at: number, count: number, text: string): Sent {
    return this.#do((draft) => draft.edit(draft.file(path), replace(at, count, text)));
  }

  /**
   * Makes a file say `text`, by the smallest edit that can be found; makes it if it is not there. A binary file gives
   * way to a text file of its name.
   */
  write(path: string, text: string): Sent {
    return this.#do((draft) => draft.write(path, text));
  }

  /**
   * Makes a file hold `bytes`, as they are; makes it if it is not there. It is a binary file then, which is replaced as
   * a whole: of two who do that at once, the later one wins. A text file gives way to a binary file of its name.
   */
  writeBytes(path: string, bytes: Uint8Array): Sent {
    return this.#do((draft) => draft.writeBytes(path, bytes));
  }

  /**
   * Says whether a file can be executed: all that is shared of its permissions. Of two who say so at once, the later one
   * wins.
   */
  setExecutable(path: string, executable: boolean): Sent {
    return this.#do((draft) => draft.setExecutable(path, executable));
  }

  /** Applies an operation to the file with this id: for editors. */
  edit(id: NodeId, op: TextOp): Sent {
    return this.#do((draft) => draft.edit(id, op));
  }

  /** Moves a file or directory to another path, whose directory is made if it is missing. */
  move(from: string, to: string): Sent {
    return this.#do((draft) => draft.move(from, to));
  }

  /** Removes a file, or a directory with all that is in it. `restore` brings it back. */
  remove(path: string): Sent {
    return this.#do((draft) => draft.remove(path));
  }

  /**
   * Brings back what was removed, by its id, with what has been done to it since.
   *
   * @throws {SpaceError} "node_forgotten" if it was removed too long ago.
   */
  restore(id: NodeId): Sent {
    return this.#do((draft) => draft.step({ kind: "restore", node: id }));
  }

  /**
   * Does several things as one change: all of them take effect, or none.
   *
   * Within `build`, the methods of this object only note what is to be done.
   *
   * @param options `task`: what it is a part of; that of this object, if left out.
   */
  atomically(build: (draft: Draft) => void, options: { readonly task?: string | undefined } = {}): Sent {
    return this.#do(build, { atomic: true, ...options });
  }

  /**
   * Takes back what one did last, amid what others have done since. What was removed so long ago that it is forgotten
   * is not brought back: that part is refused with "node_forgotten". One's newest 10,000 changes can be taken back, if
   * others have not made more than about 50,000 in the same files since.
   */
  undo(): Sent | undefined {
    return this.#takeBack("undo");
  }

  /** Does again what was undone last. */
  redo(): Sent | undefined {
    return this.#takeBack("redo");
  }

  /**
   * Takes a file, a directory or, with "", everything back to how it was, as a change that others' typing is merged
   * with: `past` is asked how that was.
   *
   * @param path As it is now, or as it was then.
   * @param options `task`: what that is a part of; that of this object, if left out.
   */
  async revert(
    path: string,
    to: When,
    options: { readonly task?: string | undefined } = {},
  ): Promise<Sent> {
    const normal = path.normalize("NFC");
    const { nodes, revision: at } = await this.past.tree({ at: to });
    const now = this.workspace.find(normal);
    const then = nodes.find((node) => node.path === normal) ?? nodes.find(({ id }) => id === now?.id);
    if (now === undefined && then === undefined) {
      throw new SpaceError("not_found", `Nothing is at "${path}", and nothing was at revision ${at}`);
    }
    if (then === undefined && normal !== "") return this.atomically((draft) => draft.remove(normal), options);
    const { files } = await this.past.files({ at, paths: then === undefined ? [] : [then.path] });
    const before = workspaceOf(nodes, files);
    await this.loadNodes(files.map(({ id }) => id).filter((id) => this.workspace.node(id)?.kind === "text"));
    return this.atomically((draft) => draft.revert(before, normal), options);
  }

  /** Whether there is anything to undo. */
  get canUndo(): boolean {
    return this.#core.canUndo;
  }

  /** Whether there is anything to do again. */
  get canRedo(): boolean {
    return this.#core.canRedo;
  }

  /** Shows the others where one is; without a path, nowhere. */
  select(path: string | undefined, ranges: readonly Range[] = []): void {
    const nowUs = this.#nowUs();
    if (path === undefined) this.#step({ kind: "select", ranges, nowUs });
    else this.#step({ kind: "select", node: this.#file(path), ranges, nowUs });
  }

  /** Puts one question to the server, and gives the pieces of the answer as they come. */
  async *#ask(query: Omit<Query, "id" | "kind">): AsyncGenerator<Answer> {
    const id = this.#nextQuestion++;
    const come: Answer[] = [];
    let arrived = deferred<void>();
    this.#asked.set(id, (answer) => {
      come.push(answer);
      arrived.resolve();
    });
    try {
      this.#step({ kind: "ask", query: { kind: "query", id, ...query }, nowUs: this.#nowUs() });
      for (;;) {
        await arrived.promise;
        arrived = deferred();
        for (const answer of come.splice(0)) {
          yield answer;
          if (answer.last) return;
        }
      }
    } finally {
      this.#asked.delete(id);
    }
  }

  // Living ----------------------------------------------------------------------------------------------------

  /** Calls `listener` for each event of a kind, until the function that is handed back is called. */
  on<K extends keyof SpaceEvents>(kind: K, listener: (event: SpaceEvents[K]) => void): () => void {
    let listeners = this.#listeners.get(kind);
    if (listeners === undefined) this.#listeners.set(kind, listeners = new Set());
    listeners.add(listener as (event: never) => void);
    return () => void listeners.delete(listener as (event: never) => void);
  }

  /** Resolves when all that was done here is durable or refused. */
  async settled(): Promise<void> {
    while (this.#core.unsentCount > 0 && this.#core.phase !== "ended") {
      await new Promise<void>((resolve) => {
        const off = this.on("status", () => {
          off();
          resolve();
        });
      });
    }
  }

  /** Leaves for good. What is not sent by then stays in the store, if there is one. */
  async close(): Promise<void> {
    this.#step({ kind: "leave", nowUs: this.#nowUs() });
    clearTimeout(this.#timer);
    await this.#closing;
    while (this.#saving !== undefined) await this.#saving;
  }

  #do(
    build: (draft: Draft) => void,
    { atomic = false, task = this.task }: { readonly atomic?: boolean; readonly task?: string | undefined } =
      {},
  ): Sent {
    if (this.#building !== undefined) {
      throw new SpaceError(
        "nested_change",
        "Use the draft that atomically() gives for what belongs to the change",
      );
    }
    const draft = new Draft(this.#core);
    this.#building = draft;
    try {
      build(draft);
    } finally {
      this.#building = undefined;
    }
    return this.#send(() => {
      const { change, contents, conditions } = draft;
      const own = { change, atomic, contents, conditions, ...task === undefined ? {} : { task } };
      this.#step({ kind: "change", ...own, nowUs: this.#nowUs() });
    });
  }

  #takeBack(kind: "undo" | "redo"): Sent | undefined {
    const number = this.#core.nextNumber;
    const sent = this.#send(() => this.#step({ kind, nowUs: this.#nowUs() }), false);
    if (this.#core.nextNumber > number) return sent;
    this.#waiting.delete(number);
    return undefined;
  }

  /** Does what makes the next own change, and hands out how it goes on. */
  #send(act: () => void, throws = true): Sent {
    const number = this.#core.nextNumber;
    const { promise: settled, resolve } = deferred<Exclude<Outcome, { kind: "accepted" }>>();
    this.#waiting.set(number, resolve);
    this.#refusal = undefined;
    act();
    // Refused here already: an error of the caller's, not something that others brought about.
    const refusal = this.#refusal as { readonly code: string; readonly message: string } | undefined;
    if (refusal !== undefined && throws) throw new SpaceError(refusal.code, refusal.message);
    return { number, settled };
  }

  #existing(path: string): Node {
    const node = this.workspace.find(path.normalize("NFC"));
    if (node === undefined) throw new SpaceError("not_found", `There is nothing at "${path}"`);
    return node;
  }

  #file(path: string): NodeId {
    return textFile(this.#existing(path), path);
  }

  #item({ id, name, kind, content, executable }: Node): Item {
    const item = { id, path: this.workspace.pathOf(id), name, kind };
    return { ...item, ...content && { content }, ...executable && { executable } };
  }

  // The shell of the core -------------------------------------------------------------------------------------

  #step(input: ClientInput): void {
    const next = this.#core.nextNumber;
    for (const output of this.#core.step(input)) {
      switch (output.kind) {
        case "open":
          this.#open();
          break;
        case "send":
          this.#write(output.bytes);
          break;
        case "close": {
          const transport = this.#transport;
          this.#transport = undefined;
          if (transport !== undefined) this.#closing = this.#letGo(transport);
          break;
        }
        case "wake":
          clearTimeout(this.#timer);
          this.#timer = setTimeout(
            () => this.#step({ kind: "due", nowUs: this.#nowUs() }),
            Math.max(0, Math.ceil((output.atUs - this.#nowUs()) / 1000)),
          );
          break;
        case "keep":
          this.#keep();
          break;
        case "event":
          this.#event(output.event, next);
      }
    }
  }

  #event(event: ClientEvent, next: ChangeNumber): void {
    switch (event.kind) {
      case "opened":
        this.#opened.resolve();
        return;
      case "answer":
        this.#asked.get(event.answer.id)?.(event.answer);
        return;
      case "status":
        this.#status = event;
        if (event.phase === "ended") {
          const { code, message } = event.problem ??
            { code: "closed", message: "The workspace has been closed" };
          this.#opened.reject(new SpaceError(code, message));
          // Nobody waits for what is never going to be answered; the promise of an opened space is settled.
          this.#opened.promise.catch(() => {});
        }
        break;
      case "settled": {
        const { outcome } = event;
        if (outcome.kind === "accepted") break;
        // What is merely unsent stays in the store; what nobody here waits for was left by an earlier run.
        const unsent = outcome.kind === "refused" && outcome.problem.code === "unsent";
        if (
          outcome.kind === "refused" && !unsent && !event.changes.some((number) => this.#waiting.has(number))
        ) {
          this.#recovered.push(outcome);
        }
        for (const number of event.changes) {
          if (outcome.kind === "refused" && number === next) this.#refusal = outcome.problem;
          this.#waiting.get(number)?.(outcome);
          this.#waiting.delete(number);
        }
      }
    }
    this.#tell(event.kind, event);
  }

  #tell(kind: string, event: unknown): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(event as never);
  }

  #tellRevision(): void {
    const { revision } = this;
    if (revision === this.#toldRevision) return;
    this.#toldRevision = revision;
    this.#tell("revision", { revision });
  }

  #open(): void {
    this.#dial().then(
      (transport) => this.#serve(transport),
      () => this.#step({ kind: "closed", nowUs: this.#nowUs() }),
    );
  }

  async #serve(transport: Transport): Promise<void> {
    if (this.#core.phase !== "connecting") return transport.close();
    this.#transport = transport;
    this.#written = Promise.resolve();
    this.#step({ kind: "opened", nowUs: this.#nowUs() });
    const incoming = transport.incoming[Symbol.asyncIterator]();
    for (;;) {
      const { done, value: bytes } = await incoming.next().catch(() => ({
        done: true as const,
        value: undefined,
      }));
      if (done === true || this.#transport !== transport) break;
      this.#step({ kind: "received", bytes, nowUs: this.#nowUs() });
      this.#tellRevision();
    }
    this.#gone(transport);
  }

  #write(bytes: Uint8Array): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    // What is sent must be kept as sent, or the next run could not tell whether it was.
    const kept = this.#nextSave?.promise;
    const written = kept === undefined ? transport.write(bytes) : kept.then(() => transport.write(bytes));
    this.#written = written.then(
      () => {
        if (this.#transport === transport) this.#step({ kind: "drained", nowUs: this.#nowUs() });
      },
      () => this.#gone(transport),
    );
  }

  /** Closes a transport once it has taken what it was given; one that takes nothing, after a while all the same. */
  async #letGo(transport: Transport): Promise<void> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const lateness = new Promise<void>((resolve) => late = setTimeout(resolve, closeMs));
    await Promise.race([this.#written, lateness]);
    clearTimeout(late);
    transport.close();
  }

  #gone(transport: Transport): void {
    transport.close();
    if (this.#transport !== transport) return;
    this.#transport = undefined;
    this.#step({ kind: "closed", nowUs: this.#nowUs() });
  }

  /** Saves what is unsent: one save at a time, and after it whatever has come since. */
  #keep(): void {
    if (this.#store === undefined) return;
    this.#nextSave ??= deferred();
    this.#saving ??= this.#save(this.#store);
  }

  async #save(store: UnsentStore): Promise<void> {
    try {
      while (this.#nextSave !== undefined) {
        // Yields first: what one turn of the event loop does is saved once.
        await Promise.resolve();
        const { resolve } = this.#nextSave;
        this.#nextSave = undefined;
        // Work goes on without a store that fails, but whoever counts on it has to know.
        await store.save(this.#core.unsent(), this.#core.contents()).catch((error: unknown) => {
          const message = `What is unsent could not be kept: ${
            error instanceof Error ? error.message : error
          }`;
          this.#tell("problem", { code: "store_failed", message });
        });
        resolve();
      }
    } finally {
      this.#saving = undefined;
    }
  }

  /** Microseconds since 1970, by a clock that never goes back. */
  #nowUs(): number {
    const nowUs = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    return this.#lastUs = Math.max(this.#lastUs, nowUs);
  }
}

/** How long the last words may take to go out. */
const closeMs = 1000;

function contentsOf(contents: ReadonlyMap<string, Uint8Array>): OwnContent[] {
  return [...contents].map(([hash, bytes]) => ({ hash, bytes }));
}

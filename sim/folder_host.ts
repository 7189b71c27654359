/**
 * The machine of somebody who keeps a folder the same as a workspace: the disk, the real core of the folder, and the real
 * core of the client. What it does on the disk it does in small steps, between which others may do something there, or
 * the process may die.
 *
 * @module
 */

import { sameContent, Text } from "../ot/mod.ts";
import type { ClientEvent, ClientInput, OwnContent, Unsent } from "../client/core/mod.ts";
import {
  type Action,
  areEqual,
  changeOf,
  epochLine,
  type FileContent,
  FolderCore,
  type FolderInput,
  type FolderOutput,
  headLine,
  Ignoring,
  intendedLines,
  type Look,
  readJournal,
  type Result,
  syncedLines,
  unsentLine,
} from "../sync/core/mod.ts";
import { bytesOf, contentOf, isBinary, textOf } from "./folder_contents.ts";
import type { DiskFile, SimulatedDisk } from "./folder_disk.ts";
import type { WithoutTime } from "./without_time.ts";
import type { World, WorldClient } from "./world.ts";

type Happening = FolderInput extends infer I ? I extends unknown ? Omit<I, "workspace"> : never : never;

/** What a folder or a workspace has at a path; without a text, a directory. */
export interface FolderEntry {
  readonly text?: string;
  readonly executable?: boolean;
}

export class FolderHost {
  readonly disk: SimulatedDisk;
  client!: WorldClient;
  core!: FolderCore;
  isUp = false;
  readonly warnings: string[] = [];
  readonly #world: World;
  readonly #name: string;
  /** Says whether deletions are to be brought back. */
  readonly #bringsBack: () => boolean;
  #journal = headLine("w");
  #stored = "";
  #epoch: string | undefined;
  #heard = 0;
  /** What is under way on the disk, step by step. */
  #work: Generator<void, Happening> | undefined;
  #waitsFor: number | undefined;
  #status = "";

  constructor(world: World, name: string, disk: SimulatedDisk, bringsBack: () => boolean) {
    this.#world = world;
    this.#name = name;
    this.#bringsBack = bringsBack;
    this.disk = disk;
  }

  /** Starts a process, with what the journal says. */
  start(): void {
    const journal = readJournal(this.#journal);
    const unsent = journal.unsent as Unsent | undefined;
    const contents = this.#contentsAt(Object.entries(journal.contents));
    this.client = this.#world.client(this.#name, unsent === undefined ? {} : { unsent, contents });
    const { keyOf, hasModes } = this.disk;
    this.core = new FolderCore({ keyOf, hasModes, isWindows: false }, journal);
    this.#epoch = journal.epoch;
    this.#heard = 0;
    this.#status = "";
    this.isUp = true;
  }

  /** The process dies. */
  crash(): void {
    this.isUp = false;
    this.#work = undefined;
    this.#waitsFor = undefined;
    this.#world.cut(this.client);
    this.#world.clients.splice(this.#world.clients.indexOf(this.client), 1);
  }

  /** Whether something is under way on the disk. */
  get isBusy(): boolean {
    return this.#work !== undefined;
  }

  /** Hears what has happened on the disk. @param overflows whether there was too much to say where. */
  watch(overflows = false): boolean {
    const paths = this.disk.takeEvents();
    if (!this.isUp || paths.size === 0) return false;
    this.#step({ kind: "disk", paths: overflows ? "all" : paths });
    return true;
  }

  /** Hears what the client has to say. */
  hear(): boolean {
    if (!this.isUp) return false;
    const { core } = this.client;
    const isReady = core.phase === "online" && core.unsentCount === 0;
    const events = this.client.events.slice(this.#heard);
    this.#heard += events.length;
    for (const event of events) this.#heardOf(event);
    const status = `${isReady} ${core.epoch}`;
    const isNew = status !== this.#status;
    this.#status = status;
    if (isNew) this.#step({ kind: "status", isReady, epoch: core.epoch });
    this.#store();
    return events.length > 0 || isNew;
  }

  /** Does the next small step of what is under way. */
  work(): boolean {
    if (this.#work === undefined) return false;
    const { done, value } = this.#work.next();
    if (done !== true) return true;
    this.#work = undefined;
    this.#step(value);
    this.#store();
    return true;
  }

  #heardOf(event: ClientEvent): void {
    switch (event.kind) {
      case "edited":
        return this.#step({ kind: "workspace", nodes: [event.node] });
      case "tree":
        return this.#step({ kind: "workspace", nodes: event.changes.map(({ node }) => node) });
      case "renumbered":
        return this.#step({ kind: "renumbered", ids: event.ids });
      case "settled": {
        const { outcome, changes } = event;
        if (outcome.kind === "accepted") return;
        if (this.#waitsFor === undefined || !changes.includes(this.#waitsFor)) {
          if (outcome.kind !== "refused") return;
          const { steps, edits } = outcome.change;
          return this.#step({ kind: "recovered", nodes: [...steps, ...edits].map(({ node }) => node) });
        }
        this.#waitsFor = undefined;
        this.#step({
          kind: "settled",
          refusal: outcome.kind === "refused" ? outcome.problem.message : undefined,
        });
      }
    }
  }

  #step(happening: Happening): void {
    const outputs = this.core.step({ ...happening, workspace: this.client.core.view } as FolderInput);
    for (const output of outputs) this.#carryOut(output);
  }

  #carryOut(output: FolderOutput): void {
    switch (output.kind) {
      case "look":
        this.#work = this.#look();
        break;
      case "act":
        this.#journal += intendedLines(output.actions);
        this.#work = this.#act(output.actions);
        break;
      case "submit": {
        const { core } = this.client;
        const named = output.items.flatMap((item): [hash: string, path: string][] => {
          if (item.kind !== "create" && item.kind !== "replace") return [];
          const { content, path } = item;
          return content === undefined || content instanceof Text ? [] : [[content.hash, path]];
        });
        const contents = this.#contentsAt(named);
        if (contents.length < named.length) {
          this.#step({ kind: "outdated" });
          break;
        }
        let minted = 0;
        const { change, ids } = changeOf(
          output.items,
          () => core.nextId(minted++),
          (node) => core.view.node(node)!,
        );
        this.#waitsFor = core.nextNumber;
        const input: WithoutTime<ClientInput> = { kind: "change", change, atomic: true, contents };
        this.#world.tell(this.client, input);
        this.#step({ kind: "submitted", ids });
        break;
      }
      case "ask":
        this.#step({
          kind: "answered",
          bringsBack: output.question.kind === "deletions" && this.#bringsBack(),
        });
        break;
      case "warn":
        this.warnings.push(`${output.path}: ${output.reason}`);
    }
  }

  /** What a real process adds to its journal before anything more is sent. */
  #store(): void {
    const { epoch } = this.core;
    if (epoch !== this.#epoch && epoch !== undefined) this.#journal += epochLine(epoch);
    this.#epoch = epoch;
    const unsent = unsentLine(this.client.core.unsent(), this.#pathsOfUnsent());
    if (unsent !== this.#stored) this.#journal += unsent;
    this.#stored = unsent;
    this.#journal += syncedLines(this.core.synced.takeUnstored());
  }

  /** Where the folder has the bytes that are unsent. */
  #pathsOfUnsent(): Record<string, string> {
    const contents = this.client.core.contents(), { synced } = this.core;
    const paths: Record<string, string> = {};
    for (const { node, content } of contents.size === 0 ? [] : synced.nodes()) {
      if (content === undefined || content instanceof Text || !contents.has(content.hash)) continue;
      paths[content.hash] = synced.pathOf(node);
    }
    return paths;
  }

  /** The bytes of files, where they are still what they are named by. */
  #contentsAt(paths: readonly (readonly [hash: string, path: string])[]): OwnContent[] {
    return paths.flatMap(([hash, path]) => {
      const text = this.disk.read(path) ?? "", content = contentOf(text);
      return content instanceof Text || content.hash !== hash ? [] : [{ hash, bytes: bytesOf(text) }];
    });
  }

  /** What a file is to hold that is written; undefined if its bytes are not to be had. */
  #textOf(content: FileContent): string | undefined {
    if (content instanceof Text) return content.toString();
    const bytes = this.client.core.contents().get(content.hash) ?? this.#world.contents.get(content.hash);
    return bytes && textOf(bytes);
  }

  *#look(): Generator<void, Happening> {
    this.watch();
    const paths = this.core.placesToLook();
    const ignoring = new Ignoring();
    for (const [path, node] of this.disk.all()) {
      if (node.kind !== "file" || !path.endsWith(".gitignore")) continue;
      ignoring.set(path.slice(0, Math.max(0, path.lastIndexOf("/"))), node.text);
    }
    const looks: Look[] = [];
    for (const asked of paths === "all" ? [""] : paths) {
      const place = asked === "" ? "" : this.disk.actual(asked) ?? asked;
      if (place !== asked) {
        looks.push({ path: asked, name: asked.slice(asked.lastIndexOf("/") + 1), seen: undefined });
      }
      const pending = [place];
      for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
        yield;
        const node = this.disk.find(path);
        const name = path.slice(path.lastIndexOf("/") + 1);
        if (node === undefined) {
          if (path === place) looks.push({ path, name, seen: undefined });
          continue;
        }
        if (path !== "" && ignoring.covers(path, node.kind === "directory")) {
          if (path === place) looks.push({ path, name, seen: { kind: "other", reason: "ignored" } });
          continue;
        }
        const stamp = this.disk.stampOf(node);
        if (node.kind === "directory") {
          const names = [...node.entries.keys()];
          const isBare = names.length > 0 && names.every((name) => {
            const below = path === "" ? name : `${path}/${name}`;
            return ignoring.isIgnored(below, node.entries.get(name)!.kind === "directory");
          });
          if (path !== "") looks.push({ path, name, seen: { kind: "directory", stamp, isBare } });
          pending.push(...names.map((name) => path === "" ? name : `${path}/${name}`));
          continue;
        }
        const known = this.core.synced.at(path);
        const isFile = known?.kind === "text" || known?.kind === "blob";
        const isKnown = isFile && stamp.modifiedMs >= 0 && areEqual(known.stamp, stamp);
        looks.push({
          path,
          name,
          seen: {
            kind: isKnown && known.kind === "blob" || isBinary(node.text) ? "blob" : "text",
            stamp,
            content: isKnown ? undefined : contentOf(node.text),
            executable: this.disk.hasModes ? node.executable : undefined,
          },
        });
      }
    }
    return { kind: "looked", looks, ignoring };
  }

  *#act(actions: readonly Action[]): Generator<void, Happening> {
    const results: Result[] = [];
    for (const action of actions) results.push(yield* this.#do(action));
    yield;
    return { kind: "acted", results };
  }

  *#do(action: Action): Generator<void, Result> {
    const { disk } = this;
    const { path } = action;
    const stale: Result = { kind: "stale" };
    yield;
    switch (action.kind) {
      case "make": {
        const there = disk.find(path);
        if (there?.kind === "file" || (there === undefined && !disk.make(path))) return stale;
        if (disk.actual(path) !== path) return stale;
        return { kind: "done", stamp: disk.stampOf(disk.find(path)!) };
      }
      case "create": {
        const text = this.#textOf(action.content);
        if (text === undefined || disk.find(path) !== undefined || !disk.replace(path, text)) return stale;
        disk.setExecutable(path, action.executable);
        yield;
        return this.#written(path, text);
      }
      case "write": {
        const before = disk.find(path), text = this.#textOf(action.content);
        if (text === undefined || before?.kind !== "file" || !this.#isAsExpected(before, action)) {
          return stale;
        }
        yield;
        // The old file is held fast, the new one put in its place, and the old one looked at once more.
        const old = disk.find(path);
        if (old?.kind !== "file") return stale;
        disk.replace(path, text);
        if (action.executable !== undefined) disk.setExecutable(path, action.executable);
        if (old !== before || !this.#isAsExpected(old, action)) {
          disk.putBack(path, old);
          return stale;
        }
        if (action.keeps) disk.trash.push({ path, text: old.text });
        yield;
        return this.#written(path, text);
      }
      case "mode": {
        const there = disk.find(path);
        if (there?.kind !== "file") return stale;
        const isKnown = areEqual(action.expected, disk.stampOf(there));
        disk.setExecutable(path, action.executable);
        return { kind: "done", stamp: isKnown ? disk.stampOf(there) : undefined };
      }
      case "move": {
        if (!disk.move(path, action.to)) return stale;
        yield;
        const node = disk.find(action.to);
        return { kind: "done", stamp: node?.kind === "directory" ? disk.stampOf(node) : undefined };
      }
      case "discard": {
        const there = disk.find(path);
        if (there === undefined) return { kind: "done", stamp: undefined };
        if (there.kind !== "file" || !this.#isAsExpected(there, action)) return stale;
        disk.trash.push({ path, text: there.text });
        disk.remove(path);
        return { kind: "done", stamp: undefined };
      }
      case "unmake": {
        const there = disk.find(path);
        if (there?.kind === "directory" && there.entries.size === 0) disk.remove(path);
        return { kind: "done", stamp: undefined };
      }
    }
  }

  #isAsExpected(file: DiskFile, { before }: { readonly before: FileContent }): boolean {
    const content = contentOf(file.text);
    if (content instanceof Text) return before instanceof Text && file.text === before.toString();
    return !(before instanceof Text) && sameContent(content, before);
  }

  /** What has been written since is not what we wrote, whatever its stamp. */
  #written(path: string, text: string): Result {
    const node = this.disk.find(path);
    const isOurs = node?.kind === "file" && node.text === text;
    return { kind: "done", stamp: isOurs ? this.disk.stampOf(node) : undefined };
  }

  /** What is in the folder, by path. */
  contents(): Map<string, FolderEntry> {
    return new Map(
      [...this.disk.all()].map(([path, node]) => [
        path,
        node.kind === "file" ? { text: node.text, executable: node.executable } : {},
      ]),
    );
  }
}

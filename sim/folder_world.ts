/**
 * A random run of folders that are kept the same, for one seed, and its judges.
 *
 * Two or three people work in folders, and one in the workspace itself; connections break, processes die in the middle of
 * what they do on the disk, the disk says that too much has happened. In the end all folders have to hold what the
 * workspace holds, and every word that was typed and not taken away has to be somewhere: in the folders, or in what was put
 * aside. Then one more file is made executable, or not, on each side, and all have to know.
 *
 * @module
 */

import { editOf, insert, type Node, type NodeId, numberedNames, type Step } from "../ot/mod.ts";
import { textOf } from "./folder_contents.ts";
import { SimulatedDisk } from "./folder_disk.ts";
import { type FolderEntry, FolderHost } from "./folder_host.ts";
import { deed, Words, wordsIn } from "./folder_person.ts";
import { Random, seedFrom, type Stream } from "./random.ts";
import { World, type WorldClient } from "./world.ts";

export interface FolderRunOptions {
  /** Whether the disks take names for one that differ only in case. */
  readonly foldsCase?: boolean;
  readonly deeds?: number;
}

/** What a run came to: for those who look whether it was worth it. */
export interface FolderRun {
  readonly files: number;
  readonly words: number;
  readonly crashes: number;
}

export class FolderWorld {
  readonly world: World;
  readonly hosts: FolderHost[] = [];
  readonly words: Words = new Words();
  readonly #draws: Stream;
  readonly #typist: WorldClient;
  readonly #deeds: (Generator<void, void> | undefined)[] = [];
  readonly #foldsCase: boolean;
  readonly #length: number;
  #crashes = 0;

  constructor(seed: number, { foldsCase = false, deeds }: FolderRunOptions = {}) {
    const draws = this.#draws = new Random(seedFrom(seed.toString(16))!).stream("folders");
    this.#foldsCase = foldsCase;
    this.#length = deeds ?? draws.int(20, 120);
    this.world = new World({
      logWaits: draws.isOneIn(2),
      settings: { changesPerSecond: { human: 10_000, agent: 10_000, ci: 10_000 } },
    });
    this.#typist = this.world.client("typist");
    const count = draws.int(2, 3);
    for (let i = 0; i < count; i++) {
      const keyOf = foldsCase ? (name: string) => name.toLowerCase() : undefined;
      const disk = new SimulatedDisk(keyOf, !draws.isOneIn(4));
      const host = new FolderHost(this.world, `folder ${i}`, disk, () => this.#draws.isOneIn(2));
      this.hosts.push(host);
      this.#deeds.push(undefined);
      // Something is there before.
      for (let deeds = draws.int(0, 6); deeds > 0; deeds--) this.#finish(deed(host.disk, this.words, draws));
    }
  }

  run(): FolderRun {
    const draws = this.#draws;
    for (const host of this.hosts) host.start();
    let deeds = 0;
    for (let step = 0; deeds < this.#length; step++) {
      const i = draws.int(0, this.hosts.length - 1), host = this.hosts[i]!;
      switch (
        draws.weighted(
          [["deed", 6], ["work", 30], ["net", 30], ["hear", 20], ["type", 3], ["break", 1]] as const,
        )
      ) {
        case "deed":
          this.#deeds[i] ??= deed(host.disk, this.words, draws);
          if (this.#deeds[i]!.next().done === true) this.#deeds[i] = undefined;
          deeds++;
          break;
        case "work":
          for (let steps = draws.int(1, 12); steps > 0; steps--) host.work();
          break;
        case "net":
          this.#move();
          break;
        case "hear":
          if (draws.isOneIn(3)) host.watch(draws.isOneIn(10));
          host.hear();
          break;
        case "type":
          this.#type();
          break;
        case "break":
          this.#break(host);
      }
    }
    this.#calm();
    this.#judge();
    this.#probeModes();
    return {
      files: this.#typist.core.view.files().length,
      words: this.words.typed.size,
      crashes: this.#crashes,
    };
  }

  #break(host: FolderHost): void {
    const draws = this.#draws;
    if (!host.isUp) return host.start();
    switch (draws.int(0, 3)) {
      case 0:
        return this.world.cut(host.client, { serverLearns: draws.isOneIn(2) });
      case 1:
        return this.world.crash();
      default:
        this.#crashes++;
        host.crash();
    }
  }

  /** Something arrives somewhere. */
  #move(): void {
    const { world } = this;
    const draws = this.#draws;
    for (const client of world.clients) if (client.wantsLink && !draws.isOneIn(3)) world.connect(client);
    for (const connection of world.links()) {
      if (draws.isOneIn(2)) world.moveUp(connection);
      if (draws.isOneIn(2)) world.moveDown(connection);
    }
    if (draws.isOneIn(2)) world.answerLog(draws.isOneIn(20) ? "failed" : "stored");
    if (draws.isOneIn(4)) world.pass(draws.int(1, 500_000));
  }

  /** Somebody works in the workspace itself. */
  #type(): void {
    const draws = this.#draws, { core } = this.#typist;
    if (core.phase !== "online") return;
    const { view } = core;
    const nodes = [...view.nodes()].filter(({ id, name }) =>
      view.isLive(id) && name !== "" && name !== ".gitignore"
    );
    const texts = nodes.filter(({ kind }) => kind === "text");
    const directories = ["0:0", ...nodes.filter(({ kind }) => kind === "directory").map(({ id }) => id)];
    const change = (steps: readonly Step[], edit?: { node: NodeId; at: number; text: string }) => {
      const edits = edit === undefined ? [] : editOf(edit.node, insert(edit.at, edit.text)).edits;
      this.world.tell(this.#typist, { kind: "change", change: { steps, edits }, atomic: false });
    };
    const kind = draws.weighted(
      [["type", 12], ["create", 3], ["rename", 3], ["move", 3], ["remove", 1], ["mode", 3]] as const,
    );
    if (kind === "create" || nodes.length === 0) {
      const node = core.nextId(0), parent = draws.pick(directories), isText = !draws.isOneIn(3);
      const name = this.#free(parent, draws.pick(["a", "b", "c", "x.ts", "A"]));
      change([{ kind: "create", node, parent, name, type: isText ? "text" : "directory" }]);
      if (isText) change([], { node, at: 0, text: `${this.words.next()}\n` });
      return;
    }
    const { id: node, parent } = draws.pick(nodes);
    if (kind === "rename") {
      return change([{ kind: "rename", node, name: this.#free(parent, draws.pick(["a", "b", "n"])) }]);
    }
    if (kind === "move") {
      const to = draws.pick(directories);
      for (let at = to; at !== "0:0"; at = view.node(at)!.parent) if (at === node) return;
      return change([{ kind: "move", node, parent: to }, {
        kind: "rename",
        node,
        name: this.#free(to, view.node(node)!.name),
      }]);
    }
    if (kind === "remove") {
      const path = view.pathOf(node);
      for (const { id, path: below } of view.files()) {
        if (below === path || below.startsWith(`${path}/`)) this.words.take(this.#textOf(view.node(id)!));
      }
      return change([{ kind: "remove", node, tombstone: core.nextId(0) }]);
    }
    if (texts.length === 0) return;
    if (kind === "mode") {
      return change([{ kind: "mode", node: draws.pick(texts).id, executable: draws.isOneIn(2) }]);
    }
    const { id } = draws.pick(texts), text = view.text(id).toString(), there = wordsIn(text);
    const at = draws.int(0, there.length);
    const position = at === 0 ? 0 : text.indexOf(there[at - 1]!) + there[at - 1]!.length;
    change([], { node: id, at: position, text: this.words.next() });
  }

  #free(parent: NodeId, name: string): string {
    const { view } = this.#typist.core;
    if (view.child(parent, name) === undefined) return name;
    for (const other of numberedNames(name, false)) if (view.child(parent, other) === undefined) return other;
    return name;
  }

  #finish(deed: Generator<void, void>): void {
    while (deed.next().done !== true);
  }

  /** Everything that was begun is ended, and all are connected, until nothing moves. */
  #calm(): void {
    this.#deeds.forEach((deed, i) => {
      if (deed !== undefined) this.#finish(deed);
      this.#deeds[i] = undefined;
    });
    for (const host of this.hosts) if (!host.isUp) host.start();
    for (let round = 0; round < 3000; round++) {
      this.world.settle();
      let moved = false;
      for (const host of this.hosts) {
        if (host.watch()) moved = true;
        if (host.hear()) moved = true;
        if (host.work()) moved = true;
        while (host.work());
      }
      if (!moved && this.hosts.every(({ core }) => core.isIdle)) return;
    }
    throw new Error("The folders do not come to rest");
  }

  /** What the workspace has, by path. */
  #expected(): Map<string, FolderEntry> {
    const { view } = this.#typist.core;
    const expected = new Map<string, FolderEntry>();
    for (const node of view.nodes()) {
      if (node.name === "" || !view.isLive(node.id)) continue;
      const { kind, executable = false } = node;
      expected.set(
        view.pathOf(node.id),
        kind === "directory" ? {} : { text: this.#textOf(node), executable },
      );
    }
    return expected;
  }

  #textOf({ id, content }: Node): string {
    if (content === undefined) return this.#typist.core.view.text(id).toString();
    return textOf(this.world.contents.get(content.hash)!);
  }

  /** Where all is quiet, whoever says of a file whether it can be executed has the last word. */
  #probeModes(): void {
    const { view } = this.#typist.core;
    const shared = [...view.files()].filter(({ id, path }) =>
      this.hosts.every((host) => host.core.synced.at(path)?.node === id && !path.endsWith(".gitignore"))
    );
    const teller = this.hosts.find(({ disk }) => disk.hasModes);
    if (shared.length === 0) return;
    const { id, path } = this.#draws.pick(shared);
    const toggled = () => !(this.#typist.core.view.node(id)!.executable ?? false);
    const judge = (executable: boolean) => {
      this.#calm();
      const said = this.hosts.map(({ disk }) =>
        !disk.hasModes || this.#isExecutable(disk, path) === executable
      );
      if (toggled() === executable || said.includes(false)) {
        throw new Error(`Not all know the mode of ${path}`);
      }
    };
    const change = { steps: [{ kind: "mode", node: id, executable: toggled() } as const], edits: [] };
    this.world.tell(this.#typist, { kind: "change", change, atomic: false });
    judge(change.steps[0]!.executable);
    if (teller === undefined) return;
    const executable = toggled();
    teller.disk.setExecutable(path, executable);
    judge(executable);
  }

  #isExecutable(disk: SimulatedDisk, path: string): boolean {
    const file = disk.find(path);
    return file?.kind === "file" && file.executable;
  }

  #judge(): void {
    const { view } = this.#typist.core, expected = this.#expected();
    // What was typed into a file while somebody removed it is there with it, and can be brought back.
    const everywhere = [...view.nodes()].map((node) => this.#textOf(node));
    this.hosts.forEach((host, i) => {
      const contents = host.contents();
      for (const { text } of contents.values()) if (text !== undefined) everywhere.push(text);
      for (const { text } of host.disk.trash) everywhere.push(text);
      const hasRules = [...expected.keys(), ...contents.keys()].some((path) => path.endsWith(".gitignore"));
      if (hasRules) return;
      const { hasModes } = host.disk;
      const [actual, wanted] = [contents, expected].map((all) =>
        new Map([...all].map(([path, entry]) => [path, inWords(entry, hasModes)]))
      );
      if (!this.#foldsCase) return compare(`folder ${i}`, actual!, wanted!);
      // Some files have makeshift names: what counts is that each node is there, under a name of its own.
      const sorted = (all: Map<string, string>) =>
        new Map([...all.values()].sort().map((text, i) => [`${i}`, text]));
      compare(`folder ${i}, in some order,`, sorted(actual!), sorted(wanted!));
    });
    const found = new Set(everywhere.flatMap(wordsIn));
    for (const word of this.words.typed) {
      if (!found.has(word) && !this.words.taken.has(word)) throw new Error(`The word ${word} is lost`);
    }
    if (this.#crashes > 0) return;
    for (const { text } of expected.values()) {
      const seen = new Set<string>();
      for (const word of text === undefined ? [] : wordsIn(text)) {
        if (seen.has(word) && !this.words.copied.has(word)) {
          throw new Error(`The word ${word} is there twice`);
        }
        seen.add(word);
      }
    }
  }
}

function inWords({ text, executable }: FolderEntry, saysModes: boolean): string {
  return text === undefined ? "a directory" : JSON.stringify(text) + (saysModes && executable ? " *" : "");
}

function compare(
  who: string,
  actual: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): void {
  for (const path of new Set([...actual.keys(), ...expected.keys()])) {
    const [a, b] = [actual, expected].map((all) => all.get(path) ?? "nothing");
    if (a !== b) throw new Error(`${who} has ${a} at ${path}, and the workspace ${b}`);
  }
}

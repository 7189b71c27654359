/**
 * Somebody who works in a folder as people do: types into files, saves in the ways that editors save, renames, deletes,
 * copies, and switches branches. Each word that is typed is one that nobody else types, so that afterwards each can be
 * asked for.
 *
 * @module
 */

import { isBinary } from "./folder_contents.ts";
import type { SimulatedDisk } from "./folder_disk.ts";
import type { Stream } from "./random.ts";

/** What is known of what was typed by all. */
export class Words {
  #count = 0;
  readonly typed = new Set<string>();
  /** Words that somebody who saw them took away. */
  readonly taken = new Set<string>();
  /** Words that somebody copied, so that they may be there more than once. */
  readonly copied = new Set<string>();

  /** A word of one character that was never typed before. */
  next(): string {
    const word = String.fromCharCode(0x4e00 + this.#count++);
    this.typed.add(word);
    return word;
  }

  take(text: string): void {
    for (const word of wordsIn(text)) this.taken.add(word);
  }

  copy(text: string): void {
    for (const word of wordsIn(text)) this.copied.add(word);
  }
}

export function wordsIn(text: string): string[] {
  return text.match(/[\u4e00-\u9fff]/g) ?? [];
}

const names = ["a", "b", "c", "A", "notes.txt", "x.ts", "é", ".hidden"];

/** Does one thing; it may take several steps, between which the disk is as it is then. */
export function* deed(disk: SimulatedDisk, words: Words, draws: Stream): Generator<void, void> {
  const all = [...disk.all()];
  const files = all.filter(([path, { kind }]) => kind === "file" && !path.endsWith(".gitignore")).map((
    [path],
  ) => path);
  const directories = ["", ...all.filter(([, { kind }]) => kind === "directory").map(([path]) => path)];
  const place = () => {
    const directory = draws.pick(directories);
    return `${directory === "" ? "" : `${directory}/`}${draws.pick(names)}`;
  };
  const kind = draws.weighted(
    [
      ["type", 40],
      ["create", 14],
      ["make", 6],
      ["move", 12],
      ["delete", 5],
      ["cut", 6],
      ["copy", 2],
      ["chmod", 6],
      ["draw", 5],
      ["checkout", 2],
      ["ignore", 1],
    ] as const,
  );
  if (kind === "create" || (files.length === 0 && kind !== "make")) {
    const path = place();
    if (disk.find(path) === undefined) disk.write(path, draws.isOneIn(6) ? "" : `${words.next()}\n`);
    return;
  }
  if (kind === "make") return void disk.make(place());
  if (kind === "move") {
    const [from] = draws.pick(all);
    const text = disk.read(from);
    if (draws.isOneIn(5) && text !== undefined) {
      // Over what is there.
      const to = place(), there = disk.read(to);
      if (there === undefined || to === from) return;
      words.take(there);
      disk.remove(to);
      disk.move(from, to);
    } else disk.move(from, place());
    return;
  }
  if (kind === "delete") {
    const [path] = draws.pick(all);
    for (const [below, node] of all) {
      if (node.kind === "file" && (below === path || below.startsWith(`${path}/`))) words.take(node.text);
    }
    disk.remove(path);
    return;
  }
  const path = draws.pick(files);
  if (kind === "draw") {
    // What is no text is written as a whole: what was there is gone, if that was one too.
    const pictures = files.filter((path) => isBinary(disk.read(path) ?? ""));
    const at = pictures.length === 0 || draws.isOneIn(3) ? place() : draws.pick(pictures);
    const there = disk.read(at);
    if (there === undefined ? disk.find(at) !== undefined : !isBinary(there)) return;
    words.take(there ?? "");
    const picture = `\0${words.next()}`;
    return void (draws.isOneIn(2) ? disk.write(at, picture) : disk.replace(at, picture));
  }
  if (kind === "chmod") return void disk.setExecutable(path, draws.isOneIn(2));
  if (kind === "ignore") {
    const directory = draws.pick(directories);
    const rules = `${directory === "" ? "" : `${directory}/`}.gitignore`;
    // What has been typed there stays in the folder, and only there.
    if (disk.find(rules)?.kind !== "directory") {
      disk.write(rules, draws.pick(["", "x.ts\n", "b/\n", "a\n!notes.txt\n"]));
    }
    return;
  }
  if (kind === "copy") {
    const text = disk.read(path) ?? "", to = place();
    if (disk.find(to) !== undefined) return;
    words.copy(text);
    disk.write(to, text);
    return;
  }
  if (kind === "checkout") {
    // Every other file is written anew, deleted or made, in one go.
    for (const each of files) {
      if (!draws.isOneIn(2)) continue;
      const text = disk.read(each);
      if (text === undefined) continue;
      words.take(text);
      disk.remove(each);
      if (!draws.isOneIn(4)) disk.write(each, `${words.next()}\n${draws.isOneIn(2) ? words.next() : ""}`);
      if (draws.isOneIn(4)) yield;
    }
    return;
  }
  const text = disk.read(path);
  if (text === undefined || path.endsWith(".gitignore")) return;
  const there = wordsIn(text);
  let now: string;
  if (kind === "cut" && there.length > 0) {
    const word = draws.pick(there);
    words.taken.add(word);
    now = text.replace(word, "");
  } else {
    const at = draws.int(0, there.length);
    // Between two words, or lines.
    const position = at === 0 ? 0 : text.indexOf(there[at - 1]!) + there[at - 1]!.length;
    now = text.slice(0, position) + words.next() + (draws.isOneIn(3) ? "\n" : "") + text.slice(position);
  }
  switch (draws.int(0, 3)) {
    case 0: {
      // Beside it, and over it.
      const beside = `${path}.tmp`;
      if (disk.find(beside) !== undefined) return void disk.write(path, now);
      disk.write(beside, now);
      const before = disk.find(path);
      if (before?.kind === "file" && before.executable) disk.setExecutable(beside, true);
      words.copy(now);
      if (draws.isOneIn(8)) yield;
      if (disk.read(path) !== text) {
        disk.remove(beside);
        for (const word of wordsIn(now)) if (!there.includes(word)) words.taken.add(word);
        return;
      }
      disk.remove(path);
      disk.move(beside, path);
      return;
    }
    case 1:
      disk.replace(path, now);
      return;
    default:
      disk.write(path, now);
  }
}

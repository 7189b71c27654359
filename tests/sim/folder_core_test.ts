/**
 * The core of a synchronised folder, driven by hand: what random runs do not meet.
 *
 * @module
 */

import { insert, rootId, Text, Workspace } from "../../ot/mod.ts";
import {
  FolderCore,
  type FolderInput,
  type FolderOutput,
  headLine,
  Ignoring,
  type Item,
  type Look,
  readJournal,
  syncedLines,
  SyncedTree,
} from "../../sync/core/mod.ts";
import { assertEquals } from "../assert.ts";

type Happening = FolderInput extends infer I ? I extends unknown ? Omit<I, "workspace"> : never : never;

const rules = { keyOf: (file: string) => file, isWindows: false, hasModes: true };
const stamp = { bornMs: 1, bytes: 1, modifiedMs: 1, changedMs: 1, mode: 0 };

/** A core that is joined to a workspace, and files that are on both sides. */
class Joined {
  readonly core = new FolderCore(rules, { synced: new SyncedTree(), epoch: "e", intended: new Map() });
  workspace: Workspace;
  outputs: FolderOutput[] = [];

  constructor(files: Readonly<Record<string, string>>) {
    const nodes = Object.keys(files).map((name, i) => ({
      id: `1:${i + 1}`,
      parent: rootId,
      name,
      kind: "text" as const,
      tombstone: undefined,
    }));
    this.workspace = Workspace.of(nodes, nodes.map(({ id, name }) => [id, Text.of(files[name]!)]));
    this.tell({ kind: "status", isReady: true, epoch: "e" });
    this.look(files);
    assertEquals(this.outputs.at(-1)!.kind, "same");
  }

  tell(happening: Happening): void {
    this.outputs.push(...this.core.step({ ...happening, workspace: this.workspace } as FolderInput));
  }

  /** Says what is in the folder now; undefined of what is not there. @param executable which of it can be executed. */
  look(files: Readonly<Record<string, string | undefined>>, executable: readonly string[] = []): void {
    this.core.placesToLook();
    const looks = Object.entries(files).map(([path, text], inode): Look => ({
      path,
      name: path,
      seen: text === undefined ? undefined : {
        kind: "text",
        stamp: { ...stamp, inode },
        content: Text.of(text),
        executable: executable.includes(path),
      },
    }));
    this.tell({ kind: "looked", looks, ignoring: new Ignoring() });
  }

  /** What happens in the folder, and what is to be submitted for it. */
  change(files: Readonly<Record<string, string | undefined>>): readonly Item[] {
    this.tell({ kind: "disk", paths: Object.keys(files) });
    this.look(files);
    return this.submitted;
  }

  /** The last thing that was to be submitted. */
  get submitted(): readonly Item[] {
    const last = this.outputs.at(-1);
    return last?.kind === "submit" ? last.items : [];
  }

  settle(refusal?: string): void {
    this.tell({ kind: "submitted", ids: [] });
    this.tell({ kind: "settled", refusal });
  }
}

Deno.test("of many edits that are refused together, those that are fine get through, and the one to blame is named", () => {
  const folder = new Joined({ a: "a", b: "b", c: "c" });
  assertEquals(folder.change({ a: "aa", b: "bb", c: "cc" }).length, 3);
  folder.settle("no");
  for (let round = 0; folder.submitted.length > 0 && round < 10; round++) {
    const nodes = folder.submitted.flatMap((item) => item.kind === "edit" ? [item.node] : []);
    const isRefused = nodes.includes("1:2");
    if (!isRefused) {
      const edits = nodes.map((node) => ({ node, op: insert(1, folder.workspace.text(node).toString()) }));
      folder.workspace = folder.workspace.apply({ steps: [], edits });
    }
    folder.settle(isRefused ? "no" : undefined);
  }
  assertEquals(["1:1", "1:2", "1:3"].map((id) => folder.workspace.text(id).toString()), ["aa", "b", "cc"]);
  assertEquals(folder.outputs.filter(({ kind }) => kind === "warn"), [{
    kind: "warn",
    path: "b",
    reason: "no",
  }]);
  // What was refused is not written over.
  assertEquals(folder.outputs.some(({ kind }) => kind === "act"), false);
  assertEquals(folder.core.synced.at("b")!.held, "no");
});

Deno.test("a file that may not be removed comes back", () => {
  const folder = new Joined({ a: "a", b: "b" });
  assertEquals(folder.change({ a: undefined }), [{ kind: "remove", node: "1:1" }]);
  folder.settle("no");
  const last = folder.outputs.at(-1)!;
  assertEquals(last.kind === "act" && last.actions, [
    { kind: "create", node: "1:1", name: "a", path: "a", content: Text.of("a"), executable: false },
  ]);
});

Deno.test("two files that change names in the workspace change them in the folder, one by way of a makeshift name", () => {
  const folder = new Joined({ a: "a", b: "b" });
  folder.workspace = folder.workspace.apply({
    steps: [
      { kind: "rename", node: "1:1", name: "c" },
      { kind: "rename", node: "1:2", name: "a" },
      { kind: "rename", node: "1:1", name: "b" },
    ],
    edits: [],
  });
  folder.tell({ kind: "workspace", nodes: ["1:1", "1:2"] });
  const moves: string[] = [];
  for (let last = folder.outputs.at(-1)!; last.kind === "act"; last = folder.outputs.at(-1)!) {
    for (const action of last.actions) if (action.kind === "move") moves.push(`${action.path} ${action.to}`);
    const results = last.actions.map(() => ({ kind: "done", stamp: undefined }) as const);
    folder.tell({ kind: "acted", results });
  }
  assertEquals(moves, ["a b (2)", "b a", "b (2) b"]);
  assertEquals(["a", "b"].map((path) => folder.core.synced.at(path)!.node), ["1:2", "1:1"]);
});

Deno.test("another log is joined anew, and nothing of what both had is deleted for it", () => {
  const folder = new Joined({ a: "a", b: "b" });
  folder.workspace = Workspace.empty;
  folder.tell({ kind: "status", isReady: true, epoch: "another" });
  folder.look({ a: "a", b: "b" });
  assertEquals(folder.submitted.map((item) => item.kind === "create" && item.name), ["a", "b"]);
});

Deno.test("what an earlier run could not get through is new again, and does not go from the folder", () => {
  const folder = new Joined({ a: "a", b: "b" });
  const [a, root] = [folder.workspace.node("1:1")!, folder.workspace.node(rootId)!];
  folder.workspace = Workspace.of([root, a], [["1:1", Text.of("a")]]);
  folder.tell({ kind: "recovered", nodes: ["1:2"] });
  assertEquals(folder.outputs.at(-1)!.kind, "look");
  folder.look({ a: "a", b: "b" });
  assertEquals(folder.submitted.map((item) => [item.kind, "name" in item && item.name]), [["create", "b"]]);
});

Deno.test("whether a file can be executed goes to the side that does not know, and a file that is gone stays gone for it", () => {
  const mode = (node: string, executable: boolean) => ({ kind: "mode", node, executable }) as const;
  const folder = new Joined({ a: "a", b: "b" });
  folder.tell({ kind: "disk", paths: ["a", "b"] });
  folder.look({ a: "a", b: "b" }, ["a"]);
  assertEquals(folder.submitted, [mode("1:1", true)]);
  folder.workspace = folder.workspace.apply({ steps: [mode("1:1", true), mode("1:2", true)], edits: [] });
  folder.settle();
  folder.tell({ kind: "workspace", nodes: ["1:1", "1:2"] });
  const last = folder.outputs.at(-1)!;
  assertEquals(last.kind === "act" && last.actions.map(({ kind, path }) => [kind, path]), [["mode", "b"]]);
  folder.tell({ kind: "acted", results: [{ kind: "done", stamp: undefined }] });
  assertEquals(folder.outputs.at(-1)!.kind, "same");
  // The workspace takes it back and removes the other one, while the folder says it of both anew.
  const steps = [mode("1:1", false), { kind: "remove", node: "1:2", tombstone: "1:9" } as const];
  folder.workspace = folder.workspace.apply({ steps, edits: [] });
  folder.tell({ kind: "disk", paths: ["b"] });
  folder.look({ b: "b" }, []);
  const actions = folder.outputs.at(-1)!;
  assertEquals(actions.kind === "act" && actions.actions.map(({ kind, path }) => [kind, path]), [[
    "discard",
    "b",
  ]]);
});

Deno.test("a journal of before that files could be executed says so of none", () => {
  const synced = { ...new Joined({ a: "a" }).core.synced.at("a")!, executable: true };
  const lines = headLine("w") + syncedLines([["1:1", synced]]);
  assertEquals(readJournal(lines).synced.get("1:1"), synced);
  const before = lines.replace('"executable":true,', "");
  assertEquals(readJournal(before).synced.get("1:1"), { ...synced, executable: false });
});

/**
 * What a change depends on is looked at where it takes its place in the order, and not before.
 *
 * @module
 */

import { type Change, editOf, insert, type NodeId, replace, rootId, type Step } from "../../ot/mod.ts";
import type { Condition } from "../../proto/mod.ts";
import { defaultSettings, type LogEntry, ServerCore } from "../../server/core/mod.ts";
import { World, type WorldClient, type WorldOptions } from "../../sim/world.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";

/** A file, a directory, and two who work there. */
function stage(options: WorldOptions = {}) {
  const world = new World(options);
  const ann = world.client("ann"), ben = world.client("ben");
  world.settle();
  const file = ann.core.nextId(0), directory = ann.core.nextId(1);
  const steps: Step[] = [
    { kind: "create", node: file, parent: rootId, name: "a.txt", type: "text" },
    { kind: "create", node: directory, parent: rootId, name: "src", type: "directory" },
  ];
  does(world, ann, { steps, edits: [{ node: file, op: insert(0, "one two three") }] });
  world.settle();
  return { world, ann, ben, file, directory };
}

/** Makes a change, and gives its number. */
function does(
  world: World,
  client: WorldClient,
  { steps = [], edits = [] }: Partial<Change>,
  conditions: readonly Condition[] = [],
  task?: string,
): number {
  const number = client.core.nextNumber, change = { steps, edits };
  const named = task === undefined ? {} : { task };
  world.tell(client, { kind: "change", change, atomic: false, conditions, ...named });
  return number;
}

/** What became of a change: its revision, or why it was refused. */
function fate(
  { events }: WorldClient,
  number: number,
): number | { code: string; message: string } | undefined {
  for (const event of events) {
    if (event.kind !== "settled" || !event.changes.includes(number)) continue;
    if (event.outcome.kind === "refused") return event.outcome.problem;
    if (event.outcome.kind === "durable") return event.outcome.revision;
  }
}

function codeOf(client: WorldClient, number: number): string {
  const outcome = fate(client, number);
  return typeof outcome === "object" ? outcome.code : outcome === undefined ? "waits" : "durable";
}

const rename = (node: NodeId, name: string): Step => ({ kind: "rename", node, name });
const logOf = (world: World) => (world.log.get("w") as LogEntry[]).filter(({ site }) => site !== 0);

Deno.test("of two changes whose conditions both held when they were sent, the later one is refused", () => {
  const { world, ann, ben, file } = stage();
  const { revision: since } = ann.core;
  const conditions: Condition[] = [{ kind: "content", node: file, since }];
  const first = does(world, ann, editOf(file, insert(0, "ann ")), conditions);
  const second = does(world, ben, editOf(file, insert(13, " ben")), conditions);
  world.settle();
  assertEquals([codeOf(ann, first), codeOf(ben, second)], ["durable", "precondition_failed"]);
  assertEquals(ben.core.view.text(file).toString(), "ann one two three");
  const { message } = fate(ben, second) as { message: string };
  assertMatch(message, new RegExp(`1: ${file} was changed in revision ${fate(ann, first)}, after ${since}`));
});

Deno.test("of a change that is refused for one condition nothing is done, and all causes are named", () => {
  const { world, ann, ben, file, directory } = stage();
  const { revision: since } = ann.core;
  does(world, ann, { steps: [rename(file, "b.txt")] });
  world.settle();
  const refused = does(world, ben, {
    steps: [rename(directory, "lib")],
    edits: [{ node: file, op: insert(0, "ben ") }],
  }, [
    { kind: "path", node: file, since },
    { kind: "content", node: file, since },
    { kind: "stands", path: "a.txt", node: file },
    { kind: "stands", path: "b.txt", node: undefined },
    { kind: "stands", path: "src", node: directory },
    { kind: "live", node: "9:9" },
  ]);
  world.settle();
  const { code, message } = fate(ben, refused) as { code: string; message: string };
  assertEquals(code, "precondition_failed");
  const causes = [...message.matchAll(/(\d): (\S+ \S+)/g)].map(([, number, cause]) => `${number} ${cause}`);
  assertEquals(causes, [`1 ${file} was`, `3 ${file} does`, `4 ${file} stands`, "6 9:9 is"]);
  assertEquals(ben.core.view.node(directory)!.name, "src");
});

Deno.test("conditions see what others do to a file, its place and what a directory holds, and not one's own doing", () => {
  const { world, ann, ben, file, directory } = stage();
  const attempts = (conditions: (since: number) => Condition[], act: () => void): string => {
    const { revision } = ben.core;
    act();
    world.settle();
    const number = does(world, ben, {}, conditions(revision));
    world.settle();
    return codeOf(ben, number);
  };
  const content = (node: NodeId) => (since: number): Condition[] => [{ kind: "content", node, since }];
  const path = (node: NodeId) => (since: number): Condition[] => [{ kind: "path", node, since }];
  const live = () => [{ kind: "live", node: file } as const];
  const create = (client: WorldClient, name: string) => {
    const node = client.core.nextId(0);
    does(world, client, {
      steps: [{ kind: "create", node, parent: directory, name, type: "text" }],
    });
    return node;
  };
  assertEquals(attempts(content(file), () => does(world, ben, editOf(file, insert(0, "b")))), "durable");
  assertEquals(attempts(path(file), () => does(world, ann, editOf(file, insert(0, "a")))), "durable");
  assertEquals(attempts(content(directory), () => create(ben, "ben.txt")), "durable");
  assertEquals(attempts(content(directory), () => create(ann, "ann.txt")), "precondition_failed");
  const move = { kind: "move", node: file, parent: directory } as const;
  assertEquals(attempts(path(file), () => does(world, ann, { steps: [move] })), "precondition_failed");
  assertEquals(
    attempts(content(file), () => does(world, ann, { steps: [rename(directory, "lib")] })),
    "durable",
  );
  // A directory above it has another name: so the file has another path.
  assertEquals(
    attempts(path(file), () => does(world, ann, { steps: [rename(directory, "src")] })),
    "precondition_failed",
  );
  const remove = (): Step => ({ kind: "remove", node: directory, tombstone: ann.core.nextId(0) });
  assertEquals(attempts(live, () => does(world, ann, { steps: [remove()] })), "precondition_failed");
  assertEquals(attempts(content(file), () => {}), "precondition_failed");
});

Deno.test("what is to be apart from others' edits is merged beside them, and refused where it meets them", () => {
  const { world, ann, ben, file } = stage();
  const apart = (): Condition[] => [{ kind: "apart", node: file, since: ben.core.revision }];
  does(world, ann, editOf(file, replace(0, 3, "ONE")));
  const beside = does(world, ben, editOf(file, replace(8, 5, "THREE")), apart());
  world.settle();
  assertEquals([codeOf(ben, beside), ben.core.view.text(file).toString()], ["durable", "ONE two THREE"]);
  does(world, ann, editOf(file, replace(4, 3, "TWO")));
  const meets = does(world, ben, editOf(file, replace(4, 9, "rest")), apart());
  world.settle();
  assertEquals(codeOf(ben, meets), "precondition_failed");
  assertEquals(ben.core.view.text(file).toString(), "ONE TWO THREE");

  // It crosses another's edit on this side, before it is sent: beside it, and where they meet.
  for (const [at, code] of [[0, "durable"], [9, "precondition_failed"]] as const) {
    world.cut(ben);
    const crossed = does(world, ben, editOf(file, replace(8, 5, "3")), apart());
    does(world, ann, editOf(file, insert(at, "x")));
    world.settle();
    assertEquals([at, codeOf(ben, crossed)], [at, code]);
    does(world, ann, editOf(file, replace(0, ann.core.view.text(file).length, "ONE TWO THREE")));
    world.settle();
  }
});

/** Lets both send something while an append is outstanding, so that it goes into the next one together. */
function together(
  world: World,
  clients: readonly WorldClient[],
  outstanding: () => void,
  acts: () => void,
): void {
  outstanding();
  for (const { link } of clients) world.moveUp(link!.connection);
  acts();
  for (const { link } of clients) world.moveUp(link!.connection);
  world.answerLog();
}

/** An entry of another server, whose author nobody here knows. */
function foreign(world: World, change: Partial<Change>): LogEntry {
  const log = world.log.get("w") as LogEntry[];
  return {
    ...{ revision: log.length + 1, time: log.at(-1)!.time, session: "elsewhere", site: 1000, seq: 1 },
    ...{ author: { name: "eve", kind: "human" }, change: { steps: [], edits: [], ...change } },
    ...{ notices: [], hash: 1, sites: 0 },
  };
}

Deno.test("a change is not refused for what was sequenced ahead of the log and never got into it", () => {
  for (const isStored of [true, false]) {
    for (const isSaved of [false, true]) {
      const { world, ann, ben, file, directory } = stage({ logWaits: true });
      const cat = world.client("cat");
      world.settle();
      const { revision: since } = ann.core;
      let first = 0, second = 0;
      together(world, [ann, ben, cat], () => does(world, cat, {}), () => {
        first = does(world, ann, editOf(file, insert(0, "ann ")), [{ kind: "path", node: directory, since }]);
        second = does(world, ben, editOf(file, insert(13, " ben")), [{ kind: "content", node: file, since }]);
      });
      if (isSaved) world.server = ServerCore.restore(defaultSettings, world.server.save());
      if (isStored) world.settle();
      else {
        // Another server was first: what the first change depends on is no more, so it is not there for the second.
        world.answerLog("failed", [foreign(world, { steps: [rename(directory, "lib")] })]);
        world.settle();
      }
      const expected = isStored ? ["durable", "precondition_failed"] : ["precondition_failed", "durable"];
      assertEquals([codeOf(ann, first), codeOf(ben, second)], expected);
      const text = isStored ? "ann one two three" : "one two three ben";
      for (const { core } of [ann, ben, cat]) assertEquals(core.view.text(file).toString(), text);
    }
  }
});

Deno.test("a condition on what is no longer remembered, or not there yet, does not hold", () => {
  const { world, ann, ben, file } = stage({ settings: { historyEntriesMax: 4 } });
  const { revision: since } = ann.core;
  for (let i = 0; i < 30; i++) {
    does(world, ann, {});
    world.settle();
  }
  const old = does(world, ben, {}, [{ kind: "content", node: file, since }]);
  const future = does(world, ben, {}, [{ kind: "content", node: file, since: ben.core.revision + 9 }]);
  const noPath = does(world, ben, {}, [{ kind: "stands", path: "a/../b", node: undefined }]);
  world.settle();
  assertEquals(
    [old, future, noPath].map((number) => codeOf(ben, number)),
    ["precondition_failed", "future_base", "bad_name"],
  );
});

Deno.test("what is typed for two tasks is never one change, and each entry has its own; undo is of the same", () => {
  const { world, ann, ben, file } = stage();
  does(world, ann, editOf(file, insert(0, "0")));
  for (const [i, task] of ["x", "x", "y", undefined, undefined].entries()) {
    does(world, ann, editOf(file, insert(i, String(i + 1))), [], task);
  }
  world.settle();
  assertEquals(logOf(world).slice(1).map(({ task, change }) => [task, change.edits[0]!.op[0]!.insert]), [
    [undefined, "0"],
    ["x", "12"],
    ["y", "3"],
    [undefined, "45"],
  ]);
  for (let i = 0; i < 3; i++) world.tell(ann, { kind: "undo" });
  world.tell(ann, { kind: "redo" });
  world.settle();
  assertEquals(logOf(world).slice(5).map(({ task }) => task), [undefined, "y", "x", "x"]);
  assertEquals(ben.core.view.text(file).toString(), "120one two three");
});

Deno.test("a task that is too long, or no text, is refused, here and by the server", () => {
  const { world, ann, file } = stage();
  for (const task of ["x".repeat(101), "a\nb", "\ud800"]) {
    const number = does(world, ann, editOf(file, insert(0, "a")), [], task);
    assertEquals(codeOf(ann, number), "bad_task");
  }
  const longest = does(world, ann, editOf(file, insert(0, "a")), [], "\u{1f600}".repeat(50));
  world.settle();
  assertEquals(codeOf(ann, longest), "durable");
});

Deno.test("unsent work keeps its task and its conditions for another run", () => {
  const { world, ann, file } = stage();
  const { revision: since } = ann.core;
  world.cut(ann);
  does(world, ann, editOf(file, insert(0, "x")), [{ kind: "content", node: file, since }], "fix");
  const unsent = JSON.parse(JSON.stringify(ann.core.unsent()!));
  world.tell(ann, { kind: "leave" });
  const again = world.client("ann", { unsent });
  world.settle();
  assert(again.core.unsentCount === 0);
  const { task, change } = logOf(world).at(-1)!;
  assertEquals([task, change.edits[0]!.op[0]!.insert], ["fix", "x"]);
});

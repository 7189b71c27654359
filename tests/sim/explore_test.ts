import { type Change, editOf, insert, remove, rootId } from "../../ot/mod.ts";
import { explore, exploreShard, joinCoverage, operationsIn } from "../../sim/explore.ts";
import { TupleTable } from "../../sim/explore_table.ts";
import type { WorldPlan } from "../../sim/explore_world.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";

/** A file "f" that says "a". */
const start: Change = {
  steps: [{ kind: "create", node: "1:1", parent: rootId, name: "f", type: "text" }],
  edits: [{ node: "1:1", op: insert(0, "a") }],
};

/** A world in which texts grow to `lengthMax` letters. */
function plan(changes: readonly number[], lengthMax: number, more: Partial<WorldPlan> = {}): WorldPlan {
  const menu = { edits: "all", lengthMax, tree: false, undo: false } as const;
  return { name: "test", about: "", start, changes, menu, shards: 1, ...more };
}

Deno.test("explore() finds one schedule for each change of one client", () => {
  const { coverage, failure } = explore(plan([1], 4));
  assertEquals(failure, undefined);
  // Types before or after "a", removes it, replaces it; then that goes up, is stored, and comes down.
  assertEquals(operationsIn(coverage), 4);
  assertEquals(coverage.schedules, 4n);
  assertEquals(coverage.states, 1 + 4 * 4);
  assertEquals([coverage.ends, coverage.pruned, coverage.isWhole], [4, 0, true]);
});

Deno.test("explore() makes a second change at every moment of the first", () => {
  const { coverage } = explore(plan([2], 4));
  // Of two letters there are 9 changes, of none 1, of one 4. The second one is made before the first has gone up,
  // before it is stored, before it comes down, or after that.
  assertEquals(coverage.schedules, 4n * (9n + 9n + 1n + 4n));
});

Deno.test("explore() covers as many schedules as there are when each is run from the start", () => {
  // All that can be done is to remove the one letter that is there.
  const names = ["Ann", "Bob"];
  const { coverage, failure } = explore(plan([1, 1], 0));
  assertEquals(failure, undefined);
  assertEquals(coverage.schedules, BigInt(countOneByOne(names)));
});

/** How many schedules there are in which everybody removes what there is, each run on a world of its own. */
function countOneByOne(names: readonly string[], schedule: readonly number[] = []): number {
  const world = new World({ logWaits: true });
  const clients = names.map((name) => world.client(name));
  world.settle();
  world.tell(clients[0]!, { kind: "change", change: ofSite(start, clients[0]!), atomic: true });
  world.settle();
  const changed = new Set<WorldClient>();
  /** What can happen: for each client that it changes something, or that a write arrives; that the log answers. */
  const possible = () => [
    ...clients.flatMap((client) => {
      const { view } = client.core, file = view.find("f")!.id;
      const { connection, up, down } = client.link!;
      return [
        changed.has(client) || view.text(file).length === 0 ? undefined : () => {
          changed.add(client);
          const change = editOf(file, remove(0, 1));
          world.tell(client, { kind: "change", change, atomic: false, group: "own" });
        },
        up.length === 0 ? undefined : () => world.moveUp(connection),
        down.length === 0 ? undefined : () => world.moveDown(connection),
      ];
    }),
    world.logIsBusy ? () => world.answerLog() : undefined,
  ];
  for (const event of schedule) possible()[event]!();
  const next = possible().flatMap((happens, event) => happens === undefined ? [] : [event]);
  if (next.length === 0) return 1;
  return next.reduce((sum, event) => sum + countOneByOne(names, [...schedule, event]), 0);
}

/** `start` with a file of the client's own. */
function ofSite({ steps, edits }: Change, { core }: WorldClient): Change {
  const node = core.nextId(0);
  return {
    steps: steps.map((step) => ({ ...step, node })),
    edits: edits.map(({ op }) => ({ node, op })),
  };
}

Deno.test("explore() covers the same in parts as in one", () => {
  const whole = explore(plan([1, 1], 1)).coverage;
  const parts = explore(plan([1, 1], 1, { shards: 3 })).coverage;
  const numbers = ({ states, schedules, pruned, ends }: typeof whole) => [states, schedules, pruned, ends];
  assertEquals(numbers(parts), numbers(whole));
  assertEquals(operationsIn(parts), operationsIn(whole));
  assert(exploreShard(plan([1, 1], 1, { shards: 3 }), 1).coverage.schedules > 0n);
});

Deno.test("explore() comes to rest however a link is cut, the log fails, or a client comes late", () => {
  for (const more of [{ cuts: 1 }, { logFaults: 2 }, { lastIsLate: true }, { drainsAtOnce: true, cuts: 1 }]) {
    const { coverage, failure } = explore(plan([1, 1], 0, more));
    assertEquals(failure, undefined, JSON.stringify([more, failure]));
    assert(coverage.schedules > explore(plan([1, 1], 0)).coverage.schedules);
  }
});

Deno.test("explore() says that it left something out when it reaches its limit", () => {
  const { coverage } = explore(plan([1, 1], 1), 50);
  assertEquals([coverage.isWhole, coverage.states], [false, 50]);
  assertEquals(joinCoverage(explore(plan([1], 1)).coverage, coverage).isWhole, false);
});

Deno.test("explore() shows the shortest schedule to what is wrong", () => {
  // Letters are told apart by what they are: of two that are alike from the start, one is taken for invented.
  const edits = [{ node: "1:1", op: insert(0, "aa") }];
  const { coverage, failure } = explore(plan([2], 4, { name: "twins", start: { ...start, edits } }));
  assertEquals(coverage.isWhole, false);
  assertEquals(failure, {
    world: "twins",
    schedule: [
      'Ann types "A" at 0, and sees\n    1:1 "f" in 0:0 "Aaa"',
      'Ann types "B" at 0, and sees\n    1:1 "f" in 0:0 "BAaa"',
      "from Ann to the server: operation 1 on revision 3",
      "the log stores revision 4",
      "from the server to Ann: operation 1 is revision 4",
      "from Ann to the server: operation 2 on revision 4",
      "the log stores revision 5",
      "from the server to Ann: operation 2 is revision 5",
    ],
    fault: '"a" is there twice:\n1:1 "f" in 0:0 "BAaa"',
  });
});

Deno.test("TupleTable numbers tuples in the order in which they come, however many there are", () => {
  const table = new TupleTable(2);
  for (let i = 0; i < 5000; i++) assertEquals(table.numberOf(Int32Array.of(i % 50, i - i % 50)), i);
  assertEquals(table.numberOf(Int32Array.of(7, 4950)), 4957);
  assertEquals(table.find(Int32Array.of(50, 0)), -1);
  const tuple = new Int32Array(2);
  table.read(4957, tuple);
  assertEquals([table.size, ...tuple], [5000, 7, 4950]);
});

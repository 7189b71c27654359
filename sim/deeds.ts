/**
 * What people do in the scenario of a seed.
 *
 * @module
 */

import { type Profile, second } from "./profile.ts";
import type { Random, Stream } from "./random.ts";
import { type Action, type Deed, whole } from "./scenario.ts";

/** All deeds of a scenario, by time. */
export function deedsOf(random: Random, profile: Profile, clients: number, stormUs: number): Deed[] {
  const usual = usualDeeds(random, profile, clients, stormUs);
  const more = withMore(usual, random, profile, clients, stormUs);
  const tasks = withTasks(more, random, clients, stormUs);
  return withTakeBacks(tasks, random, clients, stormUs);
}

/** How somebody works: a habit is a few kinds of deeds, in a rhythm. */
type Habit = (draws: Stream) => Action;

const place = (draws: Stream) => draws.int(0, whole);
/** Most of the time in the first file, where people meet (Zipf, in whole numbers). */
const file = (draws: Stream) => draws.skewed(0, 6);

const type: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: draws.weighted([[-1, 6], [-2, 2], [place(draws), 4], [0, 1], [whole, 1]]),
  remove: draws.weighted([[0, 6], [draws.int(1, 3), 3], [draws.skewed(1, 40), 1]]),
  insert: draws.weighted([[1, 6], [draws.int(0, 5), 3], [draws.skewed(1, 60), 1]]),
  line: draws.weighted([[0, 8], [draws.int(1, 3), 1]]),
  atomic: draws.isOneIn(12),
});
/** Everybody at one place. */
const typeAtStart: Habit = (draws) => ({
  ...type(draws),
  do: "type",
  file: 0,
  at: 0,
  remove: 0,
  insert: 1,
  line: 0,
  atomic: false,
});
const paste: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: place(draws),
  remove: 0,
  insert: draws.skewed(50, 3000),
  line: 0,
  atomic: draws.isOneIn(3),
});
const deleteBlock: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: place(draws),
  remove: draws.skewed(5, 5000),
  insert: 0,
  line: 0,
  atomic: false,
});
const takeBack: Habit = (draws) => ({ do: draws.weighted([["undo", 3], ["redo", 1]] as const) });
const select: Habit = (draws) => {
  const anchor = place(draws);
  return { do: "select", file: file(draws), anchor, head: draws.isOneIn(2) ? anchor : place(draws) };
};
const ask: Habit = (draws) => ({ do: "ask", what: draws.int(0, 4), back: draws.skewed(0, 200) });
const stepTree: Habit = (draws) => {
  const node = draws.skewed(0, 20);
  switch (draws.int(0, 6)) {
    case 0:
      return create(draws);
    case 1:
      return { do: "rename", node, name: draws.skewed(0, 13) };
    case 2:
      return { do: "move", node, parent: draws.skewed(0, 9) };
    case 3:
      return { do: "remove", node };
    case 4:
      return { do: "restore", node };
    case 5:
      return { do: "swap", node, other: draws.skewed(0, 9) };
    default:
      return create(draws);
  }
};
const create: Habit = (draws) => ({
  do: "create",
  parent: draws.skewed(0, 6),
  name: draws.skewed(0, 13),
  type: draws.isOneIn(3) ? "directory" : "text",
  insert: draws.isOneIn(2) ? draws.int(0, 10) : 0,
});
const rewrite: Habit = (draws) => ({ do: "rewrite", files: draws.int(1, 12), insert: draws.int(1, 12) });
const replaceAll: Habit = (draws) => ({
  do: "replaceAll",
  file: file(draws),
  every: draws.int(1, 30),
  insert: draws.int(0, 2),
});
const putBlob = (draws: Stream, keys: number): Action => ({
  do: "put",
  blob: draws.skewed(0, 6),
  parent: draws.skewed(0, 6),
  name: draws.skewed(0, 13),
  bytes: draws.weighted([[draws.skewed(0, 300), 6], [draws.skewed(1000, 5000), 2], [0, 1]]),
  key: draws.int(0, keys),
});
const fetchBlob: Habit = (draws) => ({ do: "fetch", blob: draws.skewed(0, 6) });
const setMode: Habit = (draws) => ({ do: "mode", file: draws.skewed(0, 6), executable: draws.isOneIn(2) });
const checkout: Habit = (draws) => ({ do: "checkout", steps: draws.skewed(2, 60), key: draws.word() });

/** Families of deeds, with how often they are on, and their weight when they are. */
const habits: readonly (readonly [habit: Habit, onOneIn: number, weight: number])[] = [
  [type, 1, 30],
  [typeAtStart, 4, 20],
  [paste, 4, 1],
  [deleteBlock, 3, 2],
  [takeBack, 2, 6],
  [select, 2, 6],
  [stepTree, 2, 8],
  [create, 3, 2],
  [rewrite, 4, 2],
  [replaceAll, 4, 2],
  [checkout, 6, 1],
  [ask, 4, 1],
];

function usualDeeds(random: Random, profile: Profile, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("deeds");
  const mix: (readonly [Habit, number])[] = [];
  for (const [habit, onOneIn, weight] of habits) if (draws.isOneIn(onOneIn)) mix.push([habit, weight]);
  const total = draws.int(...profile.deeds);
  // Each one's own times: bursts of keystrokes, and pauses between them.
  const deeds: Deed[] = [{ atUs: 0, client: 0, do: "create", parent: 0, name: 1, type: "text", insert: 5 }];
  if (profile.needsTokens === true) {
    mix.push([stepTree, 15], [create, 5]);
    // Directories that tokens speak of, with something in them.
    for (const [index, name] of [12, 0, 2].entries()) {
      const atUs = (1 + index) * 20_000;
      deeds.push(
        { atUs, client: 0, do: "create", parent: 0, name, type: "directory", insert: 0 },
        {
          atUs: atUs + 10_000,
          client: 0,
          do: "create",
          parent: index + 1,
          name: index,
          type: "text",
          insert: 4,
        },
      );
    }
    deeds.push(...comingsAndGoings(draws, stormUs));
  }
  const keyUs = draws.pick([1000, 80_000, 200_000]);
  for (let client = 0; client < clients; client++) {
    const own = random.stream("deeds of", client);
    const share = Math.ceil(total / clients);
    const pauseUs = Math.max(1, Math.floor((2 * stormUs * 8) / share));
    for (let count = 0, atUs = own.int(0, second); count < share && atUs < stormUs; count++) {
      deeds.push({ atUs, client, ...own.weighted(mix)(own) });
      atUs += own.isOneIn(8) ? own.int(0, pauseUs) : own.int(1, 2 * keyUs);
    }
  }
  return deeds.sort((a, b) => a.atUs - b.atUs);
}

/** What others are busy with goes out of their sight, and comes back, perhaps before they have heard of it. */
function comingsAndGoings(draws: Stream, stormUs: number): Deed[] {
  const deeds: Deed[] = [];
  for (let count = draws.int(0, 16); count > 0; count--) {
    const atUs = draws.int(100_000, stormUs), backUs = atUs + draws.pick([0, 1000, 20_000, 500_000]);
    const node = draws.pick([1, 1, 1, 2, 4, 6]);
    const [away, back] = draws.pick<readonly [Action, Action]>([
      [{ do: "rename", node, name: 6 }, { do: "rename", node, name: 1 }],
      [{ do: "rename", node, name: 6 }, { do: "rename", node, name: 12 }],
      [{ do: "move", node, parent: 1 }, { do: "move", node, parent: 0 }],
      [{ do: "move", node, parent: 0 }, { do: "move", node, parent: 2 }],
    ]);
    deeds.push({ atUs, client: 0, ...away }, { atUs: backUs, client: 0, ...back });
  }
  return deeds;
}

/** In some scenarios blobs are put, or files made executable: nothing else is drawn differently for that. */
function withMore(
  deeds: Deed[],
  random: Random,
  { needsTokens }: Profile,
  clients: number,
  stormUs: number,
): Deed[] {
  const blobs = random.stream("blobs"), modes = random.stream("modes");
  const more: Deed[] = [];
  if (blobs.isOneIn(3)) {
    const keys = blobs.pick([3, 40]);
    more.push(
      ...deedsAmong(
        deeds,
        blobs,
        clients,
        stormUs,
        () => blobs.isOneIn(4) ? fetchBlob(blobs) : putBlob(blobs, keys),
      ),
    );
  }
  // What goes out of sight and comes back has to come back as it is by then.
  if (modes.isOneIn(3) || needsTokens) {
    more.push(...deedsAmong(deeds, modes, clients, stormUs, () => setMode(modes)));
  }
  return more.length === 0 ? deeds : [...deeds, ...more].sort((a, b) => a.atUs - b.atUs);
}

/** Some deeds of one kind, by anybody, among many others. */
function deedsAmong(
  others: readonly Deed[],
  draws: Stream,
  clients: number,
  stormUs: number,
  next: () => Action,
): Deed[] {
  return Array.from({ length: Math.ceil(others.length / draws.int(4, 40)) }, () => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    return { atUs, client, ...next() };
  });
}

const demand: Habit = (draws) => ({
  do: "demand",
  file: file(draws),
  at: draws.weighted([[-1, 2], [-2, 2], [place(draws), 2]]),
  remove: draws.weighted([[0, 2], [draws.int(1, 5), 2]]),
  insert: draws.int(0, 4),
  what: draws.int(0, 13),
  back: draws.weighted([[0, 6], [draws.int(1, 4), 3], [draws.skewed(1, 60), 1]]),
  node: draws.skewed(0, 13),
});

/** In some scenarios people work at tasks, and do what depends on something: nothing else is drawn differently for that. */
function withTasks(deeds: Deed[], random: Random, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("tasks");
  if (!draws.isOneIn(3)) return deeds;
  const tasks = draws.pick([1, 3]);
  const more: Deed[] = Array.from({ length: Math.ceil(deeds.length / draws.int(3, 20)) }, () => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    if (draws.isOneIn(3)) return { atUs, client, do: "task", task: draws.int(0, tasks) };
    return { atUs, client, ...demand(draws) };
  });
  for (let count = draws.int(0, 24); count > 0; count--) more.push(...onceForAll(draws, clients, stormUs));
  return [...deeds, ...more].sort((a, b) => a.atUs - b.atUs);
}

/** In some scenarios people take back what their session has done, and go on: nothing else is drawn differently for that. */
function withTakeBacks(deeds: Deed[], random: Random, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("take backs");
  if (!draws.isOneIn(3)) return deeds;
  const more = Array.from({ length: draws.int(1, 12) }, (): Deed[] => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    const thenUs = atUs + draws.pick([1000, 100_000, second]);
    return [
      { atUs, client, do: "takeBack", back: draws.skewed(1, 100) },
      { atUs: thenUs, client, do: "select", file: 0, anchor: 0, head: 0 },
    ];
  });
  return [...deeds, ...more.flat()].sort((a, b) => a.atUs - b.atUs);
}

/** All do at one moment what depends on the same, and somebody perhaps something that it may depend on. */
function onceForAll(draws: Stream, clients: number, stormUs: number): Deed[] {
  const atUs = draws.int(0, stormUs),
    spreadUs = draws.pick([0, 1000, 50_000]),
    at = draws.pick([0, whole >> 1]);
  const shared = {
    do: "demand",
    file: draws.isOneIn(3) ? 1 : 0,
    at,
    remove: draws.pick([1, 4]),
    what: draws.pick([0, 1, 1, 2, 4, 5]),
    back: 0,
    node: draws.skewed(0, 13),
  } as const;
  const deeds: Deed[] = Array.from({ length: clients }, (_, client) => {
    return { ...shared, atUs: atUs + draws.int(0, spreadUs), client, insert: draws.int(0, 2) };
  });
  if (draws.isOneIn(2)) {
    const node = draws.skewed(0, 9), rename = { do: "rename", node, name: draws.skewed(0, 13) } as const;
    deeds.push({ atUs, client: draws.int(0, clients - 1), ...rename });
  }
  return deeds;
}

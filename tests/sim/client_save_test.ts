/**
 * Clients that are taken apart and put together again between two inputs: nobody may be able to tell.
 *
 * @module
 */

import {
  ClientCore,
  type ClientInput,
  type ClientOptions,
  type ClientOutput,
  type SavedClient,
  type Unsent,
} from "../../client/core/mod.ts";
import { type Change, editOf, insert, rootId } from "../../ot/mod.ts";
import {
  encodeClientMessage,
  encodeServerMessage,
  joined,
  type ServerMessage,
  type SyncNode,
  toHex,
} from "../../proto/mod.ts";
import { drawFrom } from "./draw.ts";
import type { WithoutTime } from "../../sim/without_time.ts";
import { assert, assertEquals } from "../assert.ts";
import { RandomWorld } from "./random_world.ts";

/** What a random run's clients put out, in order, each client being replaced whenever `forgets` says so. */
function outputsOf(seed: number, forgets: () => boolean): string[] {
  const outputs: string[] = [];
  const run = new RandomWorld(seed);
  const { world } = run;
  const tell = world.tell.bind(world);
  world.tell = (client, input) => {
    const { core } = client;
    core.step = (stepped) => {
      const result = ClientCore.prototype.step.call(core, stepped);
      outputs.push(`${client.name}: ${stepped.kind} -> ${result.map(written).join(", ")}`);
      return result;
    };
    tell(client, input);
    if (forgets()) client.core = restored(core, client.options);
  };
  run.run();
  return outputs;
}

function written(output: ClientOutput): string {
  if (output.kind === "send") return `send ${toHex(output.bytes)}`;
  return JSON.stringify(output, (_key, value) => value instanceof Map ? [...value] : value);
}

/** Runs a seed with and without replacing clients, and names the first output that differs. */
function compare(seed: number, forgets: () => boolean): void {
  const expected = outputsOf(seed, () => false), actual = outputsOf(seed, forgets);
  const at = actual.findIndex((line, index) => line !== expected[index]);
  if (at >= 0) assertEquals(actual[at], expected[at], `output ${at} of seed ${seed}`);
  assertEquals(actual.length, expected.length, `outputs of seed ${seed}`);
}

/** The core out of what it was saved as. */
function restored(core: ClientCore, options: ClientOptions): ClientCore {
  const text = textOf(core.save());
  const again = ClientCore.restore(options, JSON.parse(text));
  assertEquals(textOf(again.save()), text);
  return again;
}

/** The data as JSON, which has to carry it without loss. */
function textOf(saved: SavedClient): string {
  return JSON.stringify(saved, (key, value) => {
    assert(
      value === null || ["string", "boolean"].includes(typeof value) || Number.isSafeInteger(value) ||
        Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype,
      `${key} is plain data, and not ${value}`,
    );
    return value;
  });
}

const options: ClientOptions = { workspace: "w", participant: { name: "ann", kind: "human" }, seed: 1 };
const limits = {
  frameBytes: 1 << 20,
  messageBytes: 1 << 23,
  textLength: 1 << 20,
  workspaceLength: 1 << 20,
  nodes: 100,
  changesPerSecond: 100,
  blobBytes: 1000,
};
const file = { id: "1:1", parent: rootId, name: "a.txt", kind: "text", tombstone: undefined } as const;

/** What a server says, as the bytes that a client receives. */
function heard(...messages: ServerMessage[]): WithoutTime<ClientInput> {
  return { kind: "received", bytes: joined(messages.map(encodeServerMessage)) };
}

function welcome(resumed: boolean, fields: { revision?: number; committed?: number } = {}): ServerMessage {
  return {
    kind: "welcome",
    version: 1,
    session: "s",
    site: 2,
    epoch: "e",
    revision: 1,
    resumed,
    committed: 0,
    counter: 0,
    limits,
    ...fields,
  };
}

function snapshot(nodes: readonly SyncNode[], text: string, last = true): ServerMessage {
  const contents = text === "" ? [] : [{ node: file.id, text }];
  return { kind: "sync", revision: 1, nodes, contents, authors: [], last, load: false };
}

function typing(at: number, text: string, group?: string): WithoutTime<ClientInput> {
  const change = editOf(file.id, insert(at, text));
  return { kind: "change", change, atomic: false, ...group === undefined ? {} : { group } };
}

const connected: readonly WithoutTime<ClientInput>[] = [{ kind: "start" }, { kind: "opened" }];
const joinedIn = [...connected, heard(welcome(false), snapshot([file], "abc"))];

/** Gives inputs to a core, a second apart; the core after that, and what it has put out. */
function after(
  inputs: readonly WithoutTime<ClientInput>[],
  { core = new ClientCore(options), replaced = (core: ClientCore) => core } = {},
): { readonly core: ClientCore; readonly outputs: readonly string[] } {
  const outputs: string[] = [];
  inputs.forEach((input, index) => {
    core = replaced(core);
    outputs.push(...core.step({ ...input, nowUs: (index + 1) * 1_000_000 }).map(written));
  });
  return { core, outputs };
}

/** Gives inputs to a core that remembers, and to one that is replaced before each of them; what both put out. */
function outputsOfBoth(inputs: readonly WithoutTime<ClientInput>[], unsent?: Unsent): readonly string[] {
  const all = { ...options, ...unsent === undefined ? {} : { unsent } };
  const remembering = after(inputs, { core: new ClientCore(all) });
  const forgetting = after(inputs, { core: new ClientCore(all), replaced: (core) => restored(core, all) });
  assertEquals(forgetting.outputs, remembering.outputs);
  assertEquals(textOf(forgetting.core.save()), textOf(remembering.core.save()));
  return remembering.outputs;
}

function includes(outputs: readonly string[], part: string): void {
  assert(outputs.some((output) => output.includes(part)), `${part} is among\n${outputs.join("\n")}`);
}

Deno.test("a client that is saved and restored after every input puts out what it would have: 80 seeds", () => {
  for (let seed = 1; seed <= 80; seed++) compare(seed, () => true);
});

Deno.test("a client that is saved and restored now and then puts out what it would have: 240 seeds", () => {
  for (let seed = 81; seed <= 320; seed++) {
    const draw = drawFrom(seed);
    const rarity = draw("rarity", 2, 50);
    compare(seed, () => draw("forgets", 1, rarity) === 1);
  }
});

Deno.test("a client restored amid a snapshot has the pieces that had come in", () => {
  const other = { ...file, id: "1:2", name: "b.txt" };
  const pieces = [
    welcome(false),
    snapshot([file], "ab", false),
    snapshot([other], "cd", false),
    snapshot([], "ef"),
  ].map(encodeServerMessage);
  const bytes = joined(pieces);
  const inputs = Array.from(
    bytes,
    (_, at) => ({ kind: "received", bytes: bytes.slice(at, at + 1) } as const),
  );
  includes(outputsOfBoth([...connected, ...inputs]), `[{"at":0,"remove":0,"insert":"abcdef"}]`);
});

Deno.test("a restored client knows which changes are undone together", () => {
  const outputs = outputsOfBoth([...joinedIn, typing(0, "x", "both"), typing(3, "y", "both"), {
    kind: "undo",
  }]);
  includes(outputs, `[{"at":0,"remove":1,"insert":""},{"at":3,"remove":1,"insert":""}]`);
});

Deno.test("a restored client still says why it is offline", () => {
  const code = "shutting_down";
  const outputs = outputsOfBoth([
    ...joinedIn,
    heard({ kind: "close", code, message: "", resume: true, retryMs: 60_000 }),
    typing(0, "x"),
  ]);
  includes(outputs.slice(-2), code);
});

/** A change in flight that does not fit what the server has. */
function misfit(change: Change): Unsent {
  const frame = encodeClientMessage({ kind: "operation", seq: 1, base: 1, change });
  return {
    format: 1,
    workspace: "w",
    session: "s",
    site: 2,
    epoch: "e",
    revision: 1,
    seq: 1,
    counter: 1,
    attempt: 1,
    inFlight: toHex(frame),
    changes: [{ change, atomic: true }],
    base: [],
  };
}

const creation = { kind: "create", node: "2:1", parent: rootId, name: "c.txt", type: "text" } as const;

Deno.test("a restored client knows that what is in flight did not fit", () => {
  const unsent = misfit({ steps: [{ ...creation, parent: "1:9" }], edits: [] });
  const acknowledge = { kind: "acknowledge", seq: 1, revision: 2, time: 1, steps: [], notices: [] } as const;
  const outputs = outputsOfBoth(
    [...connected, heard(welcome(true), snapshot([file], "abc")), heard(acknowledge)],
    unsent,
  );
  // Said by laying out anew, and by the acknowledgement.
  assertEquals(outputs.slice(-4, -2), [`{"kind":"keep"}`, `{"kind":"keep"}`]);
});

Deno.test("a restored client does not see what was confirmed before it could be shown", () => {
  const unsent = misfit({ steps: [creation], edits: [{ node: "1:9", op: insert(0, "x") }] });
  const created = { id: "2:1", parent: rootId, name: "c.txt", kind: "text", tombstone: undefined } as const;
  const outputs = outputsOfBoth([
    ...connected,
    heard(welcome(true), snapshot([file], "abc")),
    { kind: "closed" },
    { kind: "opened" },
    heard(welcome(false, { committed: 1 })),
    heard(snapshot([file, created], "abc")),
  ], unsent);
  includes(outputs.slice(-3), `"after":{"parent":"${rootId}","name":"c.txt"}`);
});

Deno.test("clients that are alike are saved alike, whatever they have been through", () => {
  const presence = (site: number): ServerMessage => ({
    kind: "presence",
    site,
    participant: { name: `number ${site}`, kind: "human" },
    gone: false,
    place: { node: file.id, revision: 1, seq: 0, ranges: [{ anchor: 1, head: 2 }] },
  });
  const gone: ServerMessage = {
    kind: "presence",
    site: 3,
    participant: undefined,
    gone: true,
    place: undefined,
  };
  const other = { ...file, id: "1:2", name: "b.txt" };
  const one = after([
    ...connected,
    heard(welcome(false), snapshot([file, other], "a", false), snapshot([], "bc")),
    heard(presence(3), gone, presence(4), presence(3)),
  ]);
  const two = after([
    ...connected,
    heard(welcome(false), snapshot([other, file], "abc")),
    heard(presence(3), presence(4)),
  ]);
  assertEquals(textOf(one.core.save()), textOf(two.core.save()));
});

Deno.test("what a client was saved as is its own: neither that client nor those restored from it change it", () => {
  const { core } = after([...joinedIn, typing(0, "x"), { kind: "closed" }, typing(1, "y"), typing(4, "z")]);
  const saved = core.save(), text = textOf(saved);
  const entry = { kind: "entry", revision: 2, site: 1, seq: 1, time: 1, author: undefined } as const;
  const more = [
    typing(0, "q"),
    { kind: "undo" },
    { kind: "opened" },
    heard(welcome(true, { revision: 2 }), { ...entry, change: editOf(file.id, insert(3, "e")) }),
  ] as const;
  const expected = after(more, { core }).outputs;
  for (let fork = 1; fork <= 2; fork++) {
    const again = after(more, { core: ClientCore.restore(options, saved) });
    assertEquals(again.outputs, expected);
    assertEquals(textOf(saved), text);
  }
});

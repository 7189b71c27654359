/**
 * A server's core that is saved and restored between two inputs does what it would have done otherwise, to the byte.
 *
 * @module
 */

import { type Change, editOf, insert, replace, rootId } from "../../ot/mod.ts";
import { encodeClientMessage } from "../../proto/mod.ts";
import { defaultSettings, type Output, type SavedServer, type Settings } from "../../server/core/mod.ts";
import { type Draw, drawFrom } from "./draw.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";
import { AmnesiacServer } from "./amnesiac_server.ts";
import { RandomWorld } from "./random_world.ts";

/** What may be going on in a core that is saved: a test in which it never is proves little. */
const situations: Readonly<Record<string, (saved: SavedServer) => boolean>> = {
  "a message has begun": ({ connections }) => connections.some(({ reader }) => reader.frame !== ""),
  "parts of a message are there": ({ connections }) =>
    connections.some(({ reader }) => reader.message !== ""),
  "an answer waits": ({ connections }) => connections.some(({ control }) => control !== ""),
  "a connection is owed more": ({ connections }) => connections.some(({ owed }) => owed),
  "a connection is closing": ({ connections }) => connections.some(({ closing, ended }) => closing && !ended),
  "a connection is half closed": ({ connections }) => connections.some(({ ended }) => ended),
  "connections stand in another order than they came": ({ rooms }) =>
    rooms.some(({ connections }) =>
      connections.some(({ connection }, i) => i > 0 && connection < connections[i - 1]!.connection)
    ),
  "a connection waits for its welcome": ({ rooms }) =>
    rooms.some(({ connections }) => connections.some(({ session }) => session === null)),
  "a snapshot is on its way": ({ rooms }) =>
    rooms.some(({ connections }) => connections.some(({ snapshot }) => snapshot !== null)),
  "several snapshots are on their way": ({ rooms }) =>
    rooms.some(({ connections }) => connections.filter(({ snapshot }) => snapshot !== null).length > 1),
  "a snapshot is half sent": ({ rooms }) =>
    rooms.some(({ connections }) => connections.some(({ snapshot }) => (snapshot?.taken ?? 0) > 1)),
  "an append is outstanding": ({ rooms }) => rooms.some(({ outstanding }) => outstanding !== null),
  "entries are ahead of the log": ({ rooms }) =>
    rooms.some(({ sequencer }) => sequencer.durable < sequencer.entries.length),
  "submissions wait": ({ rooms }) => rooms.some(({ queue }) => queue.length > 1),
  "an append is to be tried again": ({ rooms }) => rooms.some(({ retryAtUs }) => retryAtUs > 0),
  "a session is away": ({ rooms }) =>
    rooms.some(({ sessions, connections }) => sessions.length > connections.length),
  "a place waits for its change": ({ rooms }) =>
    rooms.some(({ sessions }) => sessions.some(({ awaited }) => awaited !== null)),
  "somebody is somewhere": ({ rooms }) =>
    rooms.some(({ presences }) => presences.presences.some(({ place }) => place !== null)),
  "somebody is gone": ({ rooms }) =>
    rooms.some(({ presences }) => presences.presences.some(({ isGone }) => isGone)),
  "several rooms want to be woken": ({ timed }) => timed.length > 1,
  "a room waits for the log": ({ rooms }) => rooms.some(({ epoch }) => epoch === null),
  "it is stopping": ({ stopping }) => stopping,
};

/** Counts in which situations cores have been saved. */
class Seen {
  readonly #names = new Set<string>();
  saves = 0;

  readonly note = (saved: SavedServer): void => {
    this.saves++;
    for (const [name, holds] of Object.entries(situations)) {
      if (!this.#names.has(name) && holds(saved)) this.#names.add(name);
    }
  };

  /** Asserts that every one of these has been seen. */
  check(...names: readonly (keyof typeof situations)[]): void {
    assertEquals(names.filter((name) => !this.#names.has(name)), [], "never seen");
  }
}

Deno.test("ServerCore: saved at random moments of random worlds, or at each of them, it goes on as if it had not been", () => {
  const seen = new Seen();
  for (let seed = 1; seed <= 200; seed++) {
    const draw = drawFrom(seed);
    const every = seed % 6 === 0 ? 1 : 10;
    const forgets = () => draw("forget", 1, every) === 1;
    new RandomWorld(seed, { start: (settings) => new AmnesiacServer(settings, forgets, seen.note) }).run();
  }
  seen.check(
    "a message has begun",
    "an answer waits",
    "a connection is owed more",
    "a connection waits for its welcome",
    "a snapshot is on its way",
    "an append is outstanding",
    "entries are ahead of the log",
    "submissions wait",
    "an append is to be tried again",
    "a session is away",
    "a place waits for its change",
    "somebody is somewhere",
    "somebody is gone",
  );
});

Deno.test("ServerCore: saved among several workspaces, time-outs and stops, it goes on as if it had not been", () => {
  const seen = new Seen();
  for (let seed = 1; seed <= 100; seed++) new House(seed, seen).run();
  seen.check(
    "several rooms want to be woken",
    "a connection is closing",
    "a connection is half closed",
    "connections stand in another order than they came",
    "several snapshots are on their way",
    "a snapshot is half sent",
    "parts of a message are there",
    "a room waits for the log",
    "it is stopping",
  );
});

Deno.test("ServerCore: saved while a workspace is read, which fails, it goes on as if it had not been", () => {
  const core = coreWithHello();
  assertEquals(kindsOf(core.step({ kind: "load_failed", workspace: "w", nowUs })), ["send", "close"]);
  // The close takes its time: nothing more is asked for.
  assertEquals(kindsOf(core.step({ kind: "due", nowUs: nowUs + 60_000_000 })), []);
  core.step({ kind: "closed", connection: 1, nowUs: nowUs + 60_000_000 });
  assertEquals(core.save().rooms, []);
  assertEquals(core.save().connections, []);
});

Deno.test("ServerCore: saved while an answer to a ping waits, it goes on as if it had not been", () => {
  const core = coreWithHello();
  core.step({ kind: "loaded", workspace: "w", epoch: "e", checkpoint: null, entries: [], nowUs });
  core.step({ kind: "appended", workspace: "w", nowUs });
  assertEquals(kindsOf(core.step({ kind: "due", nowUs })), ["send"]);
  const ping = encodeClientMessage({ kind: "ping", value: 7n });
  assertEquals(kindsOf(core.step({ kind: "received", connection: 1, bytes: ping, nowUs })), []);
  assert(core.save().connections[0]!.pong !== "");
  assertEquals(kindsOf(core.step({ kind: "drained", connection: 1, nowUs })), ["send"]);
});

const nowUs = 1_700_000_000_000_000;

/** A core that forgets at every moment, with one connection, which has said which workspace it wants. */
function coreWithHello(): AmnesiacServer {
  const core = new AmnesiacServer(defaultSettings, () => true);
  const bytes = encodeClientMessage(helloOf({}));
  core.step({ kind: "connected", connection: 1, key: "key", nowUs });
  assertEquals(kindsOf(core.step({ kind: "received", connection: 1, bytes, nowUs })), ["load"]);
  return core;
}

/** What a core asks for, but for being woken, and what it reports. */
function kindsOf(outputs: readonly Output[]): string[] {
  return outputs.map(({ kind }) => kind).filter((kind) => kind !== "wake" && kind !== "report");
}

/** What a house is built to: messages come in parts, snapshots in small pieces that are packed, and writes are small and wait for each other. */
const houseSettings: Partial<Settings> = {
  frameBytesMax: 256,
  sendBytesMax: 2_000,
  ...{ pieceBytesMin: 500, packedBytesMin: 100, packedKeptMax: 20_000, pinnedLengthMax: 100_000 },
  writeUs: 500,
  connectionsMax: 9,
  clientsMax: 4,
  sessionUs: 20_000_000,
};

/**
 * A random run of several workspaces in one server, of which nobody judges what comes of it: people come and go, type
 * and paste much, fall silent, and now and then the server is asked to stop.
 */
class House {
  readonly #draw: Draw;
  readonly #world: World;

  constructor(seed: number, seen: Seen) {
    const draw = this.#draw = drawFrom(seed);
    const every = draw("every", 1, 4);
    this.#world = new World({
      settings: houseSettings,
      logWaits: draw("log waits", 0, 1) === 1,
      start: (settings) => new AmnesiacServer(settings, () => draw("forget", 1, every) === 1, seen.note),
    });
    const clients = draw("clients", 3, 10);
    for (let i = 0; i < clients; i++) {
      const workspace = `w${draw("workspace", 1, 3)}`;
      const kind = draw("kind", 0, 2) === 0 ? "agent" : "human";
      this.#world.client(`client ${i}`, {
        workspace,
        participant: { name: `client ${i}`, kind },
        accepted: i % 2 === 0,
      });
    }
  }

  run(): void {
    const actions = this.#draw("actions", 100, 300);
    for (let i = 0; i < actions; i++) this.#act();
    if (this.#draw("stop", 0, 2) > 0) this.#world.stopServer();
    for (let i = 0; i < 50; i++) this.#act();
  }

  #act(): void {
    const world = this.#world;
    const client = world.clients[this.#draw("client", 0, world.clients.length - 1)]!;
    const links = world.links();
    const link = links[this.#draw("link", 0, links.length - 1)] ?? 0;
    const bytes = this.#draw("whole", 0, 2) > 0 ? Infinity : this.#draw("bytes", 1, 400);
    switch (this.#draw("action", 0, 11)) {
      case 0:
      case 1:
        return world.connect(client);
      case 2:
      case 3:
      case 4:
        return world.moveUp(link, bytes);
      case 5:
      case 6:
      case 7:
        return world.moveDown(link, bytes);
      case 8:
        return this.#type(client);
      case 9: {
        const answers = ["stored", "stored", "stored", "failed", "in_doubt"] as const;
        world.answerLog(answers[this.#draw("answer", 0, answers.length - 1)]);
        return;
      }
      case 10:
        // Mostly moments, at times so long that connections are pinged, given up, or sessions forgotten.
        return world.pass(this.#draw("long", 0, 9) > 0 ? this.#draw("us", 1, 100_000) : 11_000_000);
      case 11:
        if (this.#draw("cut", 0, 3) > 0) return;
        return world.cut(client, { serverLearns: this.#draw("learns", 0, 1) === 1 });
    }
  }

  #type(client: WorldClient): void {
    const { core } = client;
    if (core.confirmed === undefined) return;
    const file = core.view.files()[0];
    if (file === undefined) {
      const node = core.nextId(0);
      const step = { kind: "create", node, parent: rootId, name: "f.txt", type: "text" } as const;
      const pasted = "a long text\n".repeat(this.#draw("paste", 0, 1) * 6_000);
      return this.#change(client, {
        steps: [step],
        edits: pasted === "" ? [] : [{ node, op: insert(0, pasted) }],
      });
    }
    const { length } = core.view.text(file.id);
    const at = this.#draw("at", 0, length), count = Math.min(length - at, this.#draw("remove", 0, 3));
    const typed = "x".repeat(this.#draw("much", 0, 5) > 0 ? 1 : 2_000);
    this.#change(client, editOf(file.id, replace(at, count, typed)));
    const head = Math.min(at + typed.length, core.view.text(file.id).length);
    this.#world.tell(client, { kind: "select", node: file.id, ranges: [{ anchor: at, head }] });
  }

  #change(client: WorldClient, change: Change): void {
    this.#world.tell(client, { kind: "change", change, atomic: false });
  }
}

/**
 * A random run of the world for one seed, and its judges.
 *
 * Every character that is typed is one that nobody else types, so that afterwards each can be asked for: is it
 * there once, and if it is not, who took it away? The judges share nothing with the code that they judge but the
 * values that it hands out.
 *
 * @module
 */

import {
  type Change,
  editOf,
  type NodeId,
  replace,
  rootId,
  type Step,
  type TextOp,
  type Workspace,
} from "../../ot/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";
import { type Draw, drawFrom } from "./draw.ts";
import { World, type WorldClient, type WorldOptions } from "../../sim/world.ts";

/** What a run is made of, drawn from its seed. */
interface Plan {
  readonly clients: number;
  readonly actions: number;
  /** Out of 100 actions, how many are of each kind. */
  readonly cuts: number;
  readonly crashes: number;
  readonly undos: number;
  readonly restarts: number;
  readonly treeSteps: number;
}

export class RandomWorld {
  readonly world: World;
  readonly #draw: Draw;
  readonly #plan: Plan;
  readonly #clients: WorldClient[] = [];
  #typed = 0;
  /** How many clients have come since the start, runs of the same application included. */
  #runs = 0;
  /** Characters typed, by the change that typed them. */
  readonly #typedBy = new Map<string, string>();
  /** Characters that somebody who saw them took away. */
  readonly #taken = new Set<string>();
  /** Characters that an undo has brought back: two undos on their way at once may bring one back twice. */
  readonly #broughtBack = new Set<string>();

  constructor(readonly seed: number, options: Pick<WorldOptions, "start"> = {}) {
    const draw = this.#draw = drawFrom(seed);
    const isOneIn = (stream: string, n: number) => draw(stream, 1, n) === 1;
    this.#plan = {
      clients: draw("clients", 2, 5),
      actions: draw("actions", 50, 300),
      cuts: isOneIn("cutting", 2) ? 3 : 0,
      crashes: isOneIn("crashing", 4) ? 1 : 0,
      undos: isOneIn("undoing", 2) ? 6 : 0,
      restarts: isOneIn("restarting", 3) ? 2 : 0,
      treeSteps: isOneIn("text alone", 3) ? 0 : 12,
    };
    this.world = new World({
      ...options,
      logWaits: isOneIn("log waits", 2),
      settings: {
        sendBytesMax: isOneIn("small sends", 3) ? 100 : 1 << 18,
        appendEntriesMax: isOneIn("small appends", 3) ? 2 : 1000,
        changesPerSecond: { human: isOneIn("slow", 5) ? 5 : 10_000, agent: 10_000, ci: 10_000 },
      },
    });
    for (let i = 0; i < this.#plan.clients; i++) {
      const kind = isOneIn("kind", 3) ? "agent" : "human";
      this.#clients.push(this.world.client(`client ${i}`, { participant: { name: `client ${i}`, kind } }));
    }
  }

  /** Runs to quiet, and throws what the judges find. */
  run(): void {
    for (let i = 0; i < this.#plan.actions; i++) this.#act();
    this.world.settle();
    // Two more rounds of silence: what anybody still had to say about where they are has been said.
    this.world.pass(100_000);
    this.world.settle();
    this.#judge();
  }

  #pick<T>(stream: string, list: readonly T[]): T {
    return list[this.#draw(stream, 0, list.length - 1)]!;
  }

  #act(): void {
    const { world } = this;
    const client = this.#pick("client", this.#clients);
    const links = world.links();
    const link = links.length === 0 ? 0 : this.#pick("link", links);
    const bytes = () => this.#draw("whole", 0, 2) > 0 ? Infinity : this.#draw("bytes", 1, 80);
    const { cuts, crashes, undos, restarts, treeSteps } = this.#plan;
    let roll = this.#draw("action", 0, 99);
    const takes = (share: number) => (roll -= share) < 0;
    if (takes(cuts)) world.cut(client, { serverLearns: this.#draw("learns", 0, 1) === 1 });
    else if (takes(crashes)) world.crash();
    else if (takes(undos)) this.#takeBack(client);
    else if (takes(restarts)) this.#restart(client);
    else if (takes(treeSteps)) this.#stepTree(client);
    else if (takes(5)) {
      world.answerLog(this.#pick("log", ["stored", "stored", "stored", "failed", "in_doubt"] as const));
    } else if (takes(3)) world.pass(this.#draw("time", 1, 2_000_000));
    else if (takes(4)) world.connect(client);
    else if (takes(25)) this.#type(client);
    else if (takes(24)) world.moveUp(link, bytes());
    else world.moveDown(link, bytes());
  }

  // What people do --------------------------------------------------------------------------------------------

  #type(client: WorldClient): void {
    const { core } = client;
    if (core.confirmed === undefined) return this.world.connect(client);
    const files = nodesOf(core.view).filter((id) => core.view.node(id)!.kind === "text");
    if (files.length === 0) return this.#create(client, "text");
    // Most of the time in one file, so that people meet.
    const file = files[this.#draw("busy", 0, 3) > 0 ? 0 : this.#draw("file", 0, files.length - 1)]!;
    const text = core.view.text(file);
    // Every character is a surrogate pair; what would cut one is refused on the spot, as it must be.
    const whole = this.#draw("careless", 0, 19) > 0 ? 2 : 1;
    const at = whole * this.#draw("at", 0, text.length / whole);
    const count = Math.min(text.length - at, whole * this.#draw("remove", 0, 3));
    const typed = Array.from({ length: this.#draw("insert", 0, 3) }, () => this.#character()).join("");
    const op = replace(at, count, typed);
    const change = editOf(file, op);
    this.#change(client, change);
    if (this.#draw("select", 0, 3) === 0) {
      const { length } = core.view.text(file);
      const place = (stream: string) => 2 * this.#draw(stream, 0, length / 2);
      const ranges = [{ anchor: place("anchor"), head: place("head") }];
      this.world.tell(client, { kind: "select", node: file, ranges });
    }
  }

  #create(client: WorldClient, type: "text" | "directory"): void {
    const { core } = client;
    const directories = nodesOf(core.view).filter((id) => core.view.node(id)!.kind === "directory");
    const parent = this.#pick("parent", [rootId, ...directories]);
    const node = core.nextId(0);
    const name = this.#pick("name", ["a", "b.txt", "c"]);
    this.#change(client, { steps: [{ kind: "create", node, parent, name, type }], edits: [] });
  }

  #stepTree(client: WorldClient): void {
    const { core } = client;
    if (core.confirmed === undefined) return;
    const nodes = nodesOf(core.view);
    const node = this.#pick("node", nodes);
    switch (this.#draw("step", 0, 5)) {
      case 0:
        return this.#create(client, "text");
      case 1:
        return this.#create(client, "directory");
      case 2:
        return this.#step(client, { kind: "move", node, parent: this.#pick("parent", nodes) });
      case 3:
        return this.#step(client, { kind: "rename", node, name: this.#pick("name", ["a", "b.txt", "c"]) });
      case 4:
        return this.#step(client, { kind: "remove", node, tombstone: core.nextId(0) });
      case 5:
        return this.#step(client, { kind: "restore", node });
    }
  }

  #step(client: WorldClient, step: Step): void {
    this.#change(client, { steps: [step], edits: [] });
  }

  #change(client: WorldClient, change: Change): void {
    const { core } = client;
    const number = core.nextNumber;
    for (const { node, op } of change.edits) this.#note(core.view, node, op, `${client.name} ${number}`);
    this.world.tell(client, { kind: "change", change, atomic: this.#draw("atomic", 0, 5) === 0 });
  }

  #takeBack(client: WorldClient): void {
    let view = client.core.view;
    const seen = client.events.length;
    this.world.tell(client, { kind: this.#pick("back", ["undo", "undo", "redo"] as const) });
    for (const event of client.events.slice(seen)) {
      if (event.kind !== "edited" || event.origin !== "undo") continue;
      this.#note(view, event.node, event.op, undefined);
      // One undo may be several edits, one after the other.
      if (view.node(event.node) !== undefined) view = view.apply(editOf(event.node, event.op));
    }
  }

  /** The application crashes; another run of it goes on with what had been kept, or somebody new comes. */
  #restart(client: WorldClient): void {
    const { world } = this;
    const unsent = client.core.unsent();
    if (unsent === undefined && this.#clients.length >= 6) return;
    const name = `client ${this.#plan.clients + this.#runs++}`;
    const participant = { name, kind: "human" } as const;
    if (unsent === undefined) {
      this.#clients.push(world.client(name, { participant }));
      return;
    }
    world.cut(client, { serverLearns: this.#draw("learns", 0, 1) === 1 });
    world.clients.splice(world.clients.indexOf(client), 1);
    const next = world.client(name, { participant, unsent: structuredClone(unsent) });
    this.#clients[this.#clients.indexOf(client)] = next;
    unsent.changes.forEach(({ change }, index) => {
      for (const { op } of change.edits) {
        for (const { insert } of op) {
          for (const character of insert) {
            if (this.#typedBy.has(character)) this.#typedBy.set(character, `${name} ${index + 1}`);
          }
        }
      }
    });
  }

  /** Notes what an own edit types and takes away. */
  #note(view: Workspace, node: NodeId, op: TextOp, change: string | undefined): void {
    for (const { at, remove, insert } of op) {
      for (const character of view.text(node).slice(at, at + remove)) this.#taken.add(character);
      for (const character of insert) {
        if (change !== undefined) this.#typedBy.set(character, change);
        else this.#broughtBack.add(character);
      }
    }
  }

  /** A character that was never typed before: from the planes for private use, so a pair each. */
  #character(): string {
    return String.fromCodePoint(0xf0000 + this.#typed++);
  }

  // What must be true afterwards ------------------------------------------------------------------------------

  #judge(): void {
    const log = this.world.log.get("w") ?? [];
    this.#judgeOrder(log);
    let state = State.empty;
    for (const entry of log) state = state.apply(entry);
    this.#judgeTree(state.workspace);
    const expected = portrait(state.workspace);
    for (const { name, core } of this.#clients) {
      this.#same(`the view of ${name}`, portrait(core.view), expected);
      this.#same(`what ${name} takes as confirmed`, portrait(core.confirmed!), expected);
    }
    this.#judgeEvents();
    const durable = this.#judgeAnswers();
    this.#judgeCharacters(state.workspace, durable);
    this.#judgePresence();
  }

  /** Revisions without gaps, time that does not go back, each session's changes once and in order. */
  #judgeOrder(log: readonly LogEntry[]): void {
    const seqs = new Map<string, number>();
    let time = 0;
    log.forEach((entry, index) => {
      if (entry.revision !== index + 1) {
        this.#fail(`revision ${entry.revision} stands as number ${index + 1}`);
      }
      if (entry.time < time) this.#fail(`entry ${entry.revision} is older than the one before`);
      time = entry.time;
      if (entry.session === "") return;
      if (entry.seq <= (seqs.get(entry.session) ?? 0)) {
        this.#fail(`seq ${entry.seq} of site ${entry.site} came again`);
      }
      seqs.set(entry.session, entry.seq);
    });
  }

  #judgeTree(workspace: Workspace): void {
    const names = new Set<string>();
    for (const { id, parent, name, tombstone } of workspace.nodes()) {
      if (id === rootId) continue;
      if (tombstone === undefined) {
        if (names.has(`${parent}/${name}`)) this.#fail(`"${name}" is there twice in ${parent}`);
        names.add(`${parent}/${name}`);
      }
      let above = parent, steps = 0;
      while (above !== rootId) {
        const node = workspace.node(above);
        if (node === undefined || ++steps > workspace.size) this.#fail(`${id} does not hang on the root`);
        above = node!.parent;
      }
    }
  }

  /** An editor that does what it is told of, and nothing else, shows what the client has. */
  #judgeEvents(): void {
    for (const { name, core, events } of this.#clients) {
      const texts = new Map<NodeId, string>();
      for (const event of events) {
        if (event.kind === "edited") {
          let text = texts.get(event.node) ?? "";
          for (const { at, remove, insert } of event.op.toReversed()) {
            if (at + remove > text.length) this.#fail(`${name} was told of an edit outside ${event.node}`);
            text = text.slice(0, at) + insert + text.slice(at + remove);
          }
          texts.set(event.node, text);
        } else if (event.kind === "renumbered") {
          for (const [from, to] of event.ids) {
            texts.set(to, texts.get(from) ?? "");
            texts.delete(from);
          }
        }
      }
      for (const { id, kind } of core.view.nodes()) {
        if (kind === "text") {
          this.#same(`${id} by what ${name} was told`, texts.get(id) ?? "", core.view.text(id).toString());
        }
      }
    }
  }

  /** Every change was answered, once. The ones that are durable are handed back. */
  #judgeAnswers(): Set<string> {
    const durable = new Set<string>();
    for (const { name, core, events } of this.#clients) {
      const answered = new Set<number>();
      for (const event of events) {
        if (event.kind !== "settled" || event.outcome.kind === "accepted") continue;
        for (const number of event.changes) {
          if (answered.has(number)) this.#fail(`change ${number} of ${name} was answered twice`);
          answered.add(number);
          if (event.outcome.kind === "durable") durable.add(`${name} ${number}`);
        }
      }
      for (let number = 1; number < core.nextNumber; number++) {
        if (!answered.has(number)) this.#fail(`change ${number} of ${name} was never answered`);
      }
    }
    return durable;
  }

  /** Nothing typed is lost, doubled or invented. */
  #judgeCharacters(workspace: Workspace, durable: ReadonlySet<string>): void {
    const present = new Map<string, number>();
    for (const { id, kind } of workspace.nodes()) {
      if (kind !== "text") continue;
      for (const character of workspace.text(id).toString()) {
        present.set(character, (present.get(character) ?? 0) + 1);
      }
    }
    const called = (character: string) => `character ${character.codePointAt(0)! - 0xf0000}`;
    for (const [character, count] of present) {
      if (!this.#typedBy.has(character)) this.#fail(`${called(character)} is there, and nobody typed it`);
      if (count > 1 && !this.#broughtBack.has(character)) {
        this.#fail(`${called(character)} is there ${count} times`);
      }
    }
    for (const [character, change] of this.#typedBy) {
      if (present.has(character) || this.#taken.has(character) || !durable.has(change)) continue;
      this.#fail(`${called(character)}, typed in ${change}, is gone, and nobody took it away`);
    }
  }

  /** Everybody knows where the others are. */
  #judgePresence(): void {
    for (const { name, core } of this.#clients) {
      for (const other of this.#clients) {
        if (other.core === core) continue;
        const peer = core.peers.find(({ site }) => site === other.core.site);
        if (peer === undefined) this.#fail(`${name} does not know that ${other.name} is there`);
        const place = other.core.place;
        if (place !== undefined && core.view.node(place.node) === undefined) continue;
        const seen = JSON.stringify([peer?.node, peer?.ranges ?? []]);
        const actual = JSON.stringify([place?.node, place?.ranges ?? []]);
        if (seen !== actual) {
          this.#fail(`${name} sees ${other.name} at ${seen}, but that one is at ${actual}`);
        }
      }
    }
  }

  #same(what: string, actual: string, expected: string): void {
    if (actual !== expected) this.#fail(`${what} is not what the log says:\n${actual}\nbut\n${expected}`);
  }

  #fail(problem: string): never {
    throw new Error(`Seed ${this.seed}: ${problem}`);
  }
}

function nodesOf(workspace: Workspace): NodeId[] {
  return [...workspace.nodes()].map(({ id }) => id).sort();
}

function portrait(workspace: Workspace): string {
  return [...workspace.nodes()].map((node) =>
    `${node.id} in ${node.parent} "${node.name}" ${node.tombstone ?? ""} ${
      [...workspace.text(node.id).toString()].map((character) => character.codePointAt(0)! - 0xf0000)
    }`
  ).sort().join("\n");
}

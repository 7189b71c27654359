/**
 * Concurrent changes of one tree, in every order that the log could give them: server and clients end alike.
 *
 * @module
 */

import fc from "fast-check";
import type { Change, Workspace } from "../../ot/mod.ts";
import { assertEquals } from "../assert.ts";
import { changeKinds, everyChange, kindOf, someChange } from "./tree_changes.ts";
import { drawn, planted } from "./tree_drawing.ts";
import {
  contentOf,
  type Made,
  merged,
  ModelClient,
  ModelServer,
  rebuilt,
  type Submission,
} from "./tree_replicas.ts";

/** Small trees, each with the names that changes of it use. Every character of their texts is there once. */
const trees: readonly { readonly state: Workspace; readonly names: readonly string[] }[] = [
  { state: planted("a: xyz", "d/", "d/b: uvw").state, names: ["a", "b", "n"] },
  { state: planted("d/", "d/e/", "d/e/a*: xyz", "g/", "g/a").state, names: ["a", "e"] },
  { state: planted("- r/", "~ r/a: xyz", "- r/s/", "~ r/s/b", "a: uvw").state, names: ["a", "r"] },
  { state: planted("- a: xyz", "a: uvw", "a (2)", "d/", "- d/a: rst").state, names: ["a", "d"] },
  { state: planted("a = 0a", "- d/", "~ d/b* = 0b", "e: x").state, names: ["a"] },
];

const sites = [2, 3, 4];
/** What each site types: it is there once, unless its author, or somebody who could see it, deletes it. */
const typed: Readonly<Record<number, string>> = { 2: "P", 3: "Q", 4: "R" };

/** The characters of all texts, removed files' too, sorted. */
function charactersOf(state: Workspace): string {
  let all = "";
  for (const { id } of state.nodes()) all += state.text(id).toString();
  return [...all].sort().join("");
}

/** The characters of `start` without those that some change deletes, and what the changes type; sorted. */
function charactersMeant(start: Workspace, changes: readonly Made[]): string {
  const all = new Set(charactersOf(start));
  for (const { change } of changes) for (const char of removedBy(change, start)) all.delete(char);
  for (const { change } of changes) {
    for (const { op } of change.edits) for (const { insert } of op) for (const char of insert) all.add(char);
  }
  return [...all].sort().join("");
}

/** What a change deletes of the texts it was made on. */
function removedBy(change: Change, state: Workspace): string {
  let all = "";
  for (const { node, op } of change.edits) {
    for (const { at, remove } of op) all += state.text(node).slice(at, at + remove);
  }
  return all;
}

function permutations<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, i) => permutations(things.toSpliced(i, 1)).map((rest) => [thing, ...rest]));
}

/** Runs changes in every order. Gives the server of each. */
function runAllOrders(start: Workspace, changes: readonly Made[]): ModelServer[] {
  const meant = charactersMeant(start, changes);
  return permutations(changes).map((order) => {
    try {
      const server = merged(start, order);
      assertEquals(charactersOf(server.state), meant, "what was typed is there, what was deleted is not");
      return server;
    } catch (error) {
      const what = JSON.stringify(order, undefined, 1);
      throw new Error(`Cannot merge on\n${drawn(start).join("\n")}\nin this order: ${what}`, {
        cause: error,
      });
    }
  });
}

Deno.test("every two concurrent changes of one step end alike everywhere, in either order, none refused", () => {
  const pairs = new Set<string>(), notices = new Set<string>();
  for (const { state, names } of trees) {
    const [ones, others] = [2, 3].map((site) => everyChange(state, site, names, typed[site]!));
    for (const one of ones!) {
      for (const other of others!) {
        const servers = runAllOrders(state, [{ site: 2, change: one }, { site: 3, change: other }]);
        pairs.add(`${kindOf(one)} and ${kindOf(other)}`);
        for (const { entries } of servers) {
          for (const notice of entries.flatMap((entry) => entry.notices)) {
            notices.add(notice.kind === "dropped" ? notice.reason : notice.kind);
          }
        }
        // Unlike the tree, the texts are the same in either order.
        const [texts, otherTexts] = servers.map(textsOf);
        assertEquals(texts, otherTexts);
      }
    }
  }
  const kinds = changeKinds.flatMap((one) => changeKinds.map((other) => `${one} and ${other}`));
  assertEquals(kinds.filter((pair) => !pairs.has(pair)), []);
  assertEquals([...notices].sort(), ["cycle", "renamed", "retargeted", "superseded"]);
});

function textsOf({ state }: ModelServer): string {
  return [...state.nodes()].map(({ id }) => state.text(id).toString()).sort().join("\n");
}

Deno.test("three concurrent changes of any kinds end alike everywhere, in all six orders, none refused", () => {
  let draw = 1;
  const pick = <T>(things: readonly T[]): T => {
    draw = draw * 48271 % 2147483647;
    return things[draw % things.length]!;
  };
  for (const { state, names } of trees) {
    const byKind = sites.map((site) => Map.groupBy(everyChange(state, site, names, typed[site]!), kindOf));
    const there = changeKinds.filter((kind) => byKind.every((changes) => changes.has(kind)));
    for (let kinds = 0; kinds < there.length ** 3; kinds++) {
      for (let times = 0; times < 3; times++) {
        const changes = sites.map((site, i): Made => {
          const kind = there[Math.floor(kinds / there.length ** i) % there.length]!;
          return { site, change: pick(byKind[i]!.get(kind)!) };
        });
        runAllOrders(state, changes);
      }
    }
  }
});

/** What happens next in a history. Numbers choose among what there is, by their remainder. */
type Event =
  | { readonly kind: "change"; readonly client: number; readonly choices: readonly number[] }
  | { readonly kind: "submit"; readonly client: number }
  /** The server takes one of the submissions on their way. */
  | { readonly kind: "sequence"; readonly submission: number }
  | { readonly kind: "receive"; readonly client: number; readonly most: number };

const client = fc.nat(sites.length - 1);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      client,
      choices: fc.array(fc.nat(99), { maxLength: 40, size: "max" }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("submit" as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("sequence" as const), submission: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      client,
      most: fc.integer({ min: 1, max: 4 }),
    }),
  },
);
const start = fc.constantFrom(planted().state, ...trees.map(({ state }) => state));
const history = fc.array(event, { maxLength: 80, size: "max" });

/** A server and clients living through a history. */
class Play {
  readonly server: ModelServer;
  readonly clients: readonly ModelClient[];
  readonly #onTheWay: Submission[] = [];
  readonly #counters = sites.map(() => 0);
  /** Characters that are to be in some text at the end: typed or there from the start, and not deleted since. */
  readonly #meant: Set<string>;
  #typed = 0;

  constructor(readonly start: Workspace) {
    this.server = new ModelServer(start);
    this.clients = sites.map((site) => new ModelClient(site, start));
    this.#meant = new Set(charactersOf(start));
  }

  take(event: Event): void {
    if (event.kind === "sequence") {
      const [submission] = this.#onTheWay.splice(event.submission % Math.max(1, this.#onTheWay.length), 1);
      if (submission !== undefined) this.server.sequence(submission);
      return;
    }
    const client = this.clients[event.client]!;
    if (event.kind === "change") {
      this.#make(client, event);
    } else if (event.kind === "submit") {
      const submission = client.submit();
      if (submission !== undefined) this.#onTheWay.push(submission);
    } else {
      for (const entry of this.server.entries.slice(client.revision, client.revision + event.most)) {
        client.receive(entry);
      }
    }
  }

  #make(client: ModelClient, { client: index, choices }: Event & { kind: "change" }): void {
    let next = 0;
    const change = someChange(
      client.view,
      (count) => (choices[next++] ?? 0) % count,
      () => `${client.site}:${++this.#counters[index]!}`,
      () => String.fromCharCode(0x4e00 + this.#typed++),
    );
    for (const char of removedBy(change, client.view)) this.#meant.delete(char);
    for (const { op } of change.edits) {
      for (const { insert } of op) for (const char of insert) this.#meant.add(char);
    }
    client.make(change);
  }

  /** Lets everything arrive. */
  settle(): void {
    const isBusy = () => this.clients.some(({ pending }) => pending.length > 0);
    do {
      for (let client = 0; client < this.clients.length; client++) this.take({ kind: "submit", client });
      while (this.#onTheWay.length > 0) this.take({ kind: "sequence", submission: 0 });
      for (let client = 0; client < this.clients.length; client++) {
        this.take({ kind: "receive", client, most: Infinity });
      }
    } while (isBusy());
  }

  check(): void {
    const { state, entries } = this.server;
    for (const client of this.clients) {
      assertEquals(drawn(client.view), drawn(state));
      assertEquals(contentOf(client.view), contentOf(state));
    }
    assertEquals(charactersOf(state), [...this.#meant].sort().join(""));
    let replayed = this.start;
    for (const { change } of entries) replayed = replayed.apply(change);
    assertEquals(contentOf(replayed), contentOf(state), "the state is a function of the log");
    assertEquals(contentOf(rebuilt(state)), contentOf(state), "and does not depend on how it came about");
  }
}

Deno.test("clients that make changes of many steps, and lag behind, all end with what the log says", () => {
  fc.assert(
    fc.property(start, history, (start, events) => {
      const play = new Play(start);
      for (const event of events) play.take(event);
      play.settle();
      play.check();
    }),
    { numRuns: 1000 },
  );
});

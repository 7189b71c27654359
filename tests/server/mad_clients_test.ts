/**
 * The server's core among clients who say anything at all that the protocol can say: it never breaks, and what
 * comes into the log is always a workspace.
 *
 * @module
 */

import fc from "fast-check";
import type { Change, NodeId, Step } from "../../ot/mod.ts";
import { rootId } from "../../ot/mod.ts";
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  type ServerMessage,
} from "../../proto/mod.ts";
import { defaultSettings, type Input, type LogEntry, ServerCore, State } from "../../server/core/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "./raw_client.ts";

/** A server core whose transports take everything at once, and whose log answers as it is told to. */
class Host {
  readonly #core: ServerCore;
  readonly log: LogEntry[] = [];
  readonly heard = new Map<number, ServerMessage[]>();
  readonly #readers = new Map<number, FrameReader>();
  readonly #closed = new Set<number>();
  #nowUs = 1_700_000_000_000_000;
  #connections = 0;
  /** What becomes of the next appends: stored, or not. */
  fails = 0;

  constructor() {
    this.#core = new ServerCore({
      ...defaultSettings,
      ...{ textLengthMax: 200, workspaceLengthMax: 300, nodesMax: 12 },
      changesPerSecond: { human: 1000, agent: 1000, ci: 1 },
    });
  }

  connect(): number {
    const connection = ++this.#connections;
    this.heard.set(connection, []);
    this.#readers.set(connection, new FrameReader());
    this.#step({ kind: "connected", connection, key: `key ${connection}`, nowUs: this.#nowUs });
    return connection;
  }

  isOpen(connection: number): boolean {
    return !this.#closed.has(connection);
  }

  say(connection: number, message: ClientMessage): void {
    if (!this.isOpen(connection)) return;
    this.#step({ kind: "received", connection, bytes: encodeClientMessage(message), nowUs: this.#nowUs });
  }

  pass(us: number): void {
    this.#nowUs += us;
    this.#step({ kind: "due", nowUs: this.#nowUs });
  }

  #step(first: Input): void {
    const inputs: Input[] = [first];
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      for (const output of this.#core.step(input)) {
        const nowUs = this.#nowUs;
        switch (output.kind) {
          case "send": {
            const { connection } = output;
            this.#readers.get(connection)!.push(output.bytes, (type, payload) => {
              this.heard.get(connection)!.push(decodeServerMessage(type, payload));
            });
            inputs.push({ kind: "drained", connection, nowUs });
            break;
          }
          case "close":
            this.#closed.add(output.connection);
            inputs.push({ kind: "closed", connection: output.connection, nowUs });
            break;
          case "append": {
            const { workspace } = output;
            if (this.fails > 0) {
              this.fails--;
              inputs.push({ kind: "append_failed", workspace, won: [], nowUs });
              break;
            }
            if (workspace === "w") this.log.push(...output.entries);
            inputs.push({ kind: "appended", workspace, nowUs });
            break;
          }
          case "load":
            inputs.push({ kind: "loaded", workspace: output.workspace, epoch: "e", entries: [], nowUs });
        }
      }
    }
  }
}

/** One thing that a mad client does. Ids, seqs and bases are likely to be about right. */
type Deed =
  | { readonly kind: "hello"; readonly session: number }
  /** `seq` counts from the one that is next; `behind` from the newest revision. */
  | { readonly kind: "operation"; readonly seq: number; readonly behind: number; readonly change: Change }
  | {
    readonly kind: "presence";
    readonly node: NodeId;
    readonly behind: number;
    readonly seq: number;
    readonly at: number;
  }
  | { readonly kind: "say"; readonly message: ClientMessage }
  | { readonly kind: "cut" }
  | { readonly kind: "pass"; readonly us: number }
  | { readonly kind: "fail" };

/** Stands for a client's own site and the counters that it has not used. */
const freshSite = 9;

const id: fc.Arbitrary<NodeId> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 4 })) },
  { weight: 8, arbitrary: fc.tuple(fc.constant(freshSite), fc.integer({ min: 1, max: 4 })) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(70), fc.nat(70)) },
).map(([site, counter]) => `${site}:${counter}`);
const anyId = fc.oneof({ weight: 5, arbitrary: id }, fc.constant(rootId));
const name = fc.constantFrom("a", "a", "a (2)", "b.txt", "b (2).txt", "", "..", "a/b", "x".repeat(255));
const kind = <K extends string>(kind: K) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: kind("create"), node: id, parent: anyId, name },
      type: fc.constantFrom("text" as const, "text" as const, "directory" as const),
    }),
  },
  fc.record({ kind: kind("move"), node: anyId, parent: anyId }),
  fc.record({ kind: kind("rename"), node: anyId, name }),
  fc.record({ kind: kind("remove"), node: anyId, tombstone: id }),
  fc.record({ kind: kind("restore"), node: anyId, tombstone: id }),
  fc.record({ kind: kind("restore"), node: anyId }),
);
const splice = fc.record({
  at: fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, fc.constant(2 ** 32 - 1)),
  remove: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, fc.constant(2 ** 32 - 1)),
  insert: fc.constantFrom("", "x", "😀", "yz\r\n", "w".repeat(150)),
});
const op = fc.oneof(
  { weight: 4, arbitrary: splice.map((splice) => [splice]) },
  fc.array(splice, { maxLength: 4 }),
);
const change: fc.Arbitrary<Change> = fc.record({
  steps: fc.array(step, { maxLength: 3 }),
  edits: fc.array(fc.record({ node: anyId, op }), { maxLength: 2 }),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: kind("hello"), session: fc.nat(5) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: kind("operation"),
      seq: mostly(0, -2, 3),
      behind: mostly(0, -1, 4),
      change,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("presence"),
      node: anyId,
      behind: fc.nat(4),
      seq: fc.nat(4),
      at: fc.nat(300),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("say"),
      message: fc.constantFrom<ClientMessage>(
        { kind: "ping", value: 1n },
        { kind: "presence", place: undefined },
        { kind: "close", code: "bye", message: "", resume: false, retryMs: 0 },
        { kind: "close", code: "any", message: "", resume: true, retryMs: 1 },
        helloOf({ workspace: "other" }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("cut") }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind("pass"), us: fc.constantFrom(1000, 2_000_000, 40_000_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("fail") }) },
);

/** Three clients, each with a session that may be resumed, and what each thinks its next seq is. */
class MadClients {
  readonly #host: Host;
  readonly #connections = new Map<number, number>();
  readonly #seqs = new Map<number, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  do(who: number, deed: Deed): void {
    const host = this.#host;
    let connection = this.#connections.get(who);
    if (connection === undefined || !host.isOpen(connection)) {
      connection = host.connect();
      this.#connections.set(who, connection);
      if (deed.kind !== "hello") host.say(connection, helloOf({}));
    }
    const { length: head } = host.log;
    switch (deed.kind) {
      case "hello":
        // The keys of sessions are known here: a client may resume its own, or steal another's.
        return host.say(connection, helloOf({ session: `key ${deed.session}`, epoch: "e", revision: head }));
      case "operation": {
        const seq = Math.max(0, (this.#seqs.get(who) ?? 0) + 2 - deed.seq);
        this.#seqs.set(who, seq);
        const base = Math.max(0, head + 1 - deed.behind);
        return host.say(connection, { kind: "operation", seq, base, change: deed.change });
      }
      case "presence": {
        const ranges = [{ anchor: deed.at, head: 0 }];
        const place = {
          node: deed.node,
          revision: Math.max(0, head + 1 - deed.behind),
          seq: deed.seq,
          ranges,
        };
        return host.say(connection, { kind: "presence", place });
      }
      case "say":
        return host.say(connection, deed.message);
      case "cut":
        this.#connections.delete(who);
        return;
      case "pass":
        return host.pass(deed.us);
      case "fail":
        host.fails = 1;
    }
  }
}

/** What a workspace must be, whoever made it. */
function isSound({ workspace }: State): void {
  const names = new Set<string>();
  for (const node of workspace.nodes()) {
    const text = workspace.text(node.id).toString();
    assert(text.isWellFormed() && text.length <= 200, `the text of ${node.id}`);
    if (node.id === rootId) continue;
    assert(workspace.node(node.parent)?.kind === "directory", `${node.id} is in a directory`);
    let above: NodeId = node.parent;
    for (let depth = 0; above !== rootId; depth++) {
      assert(depth < 20, `${node.id} is under the root`);
      above = workspace.node(above)!.parent;
    }
    if (node.tombstone !== undefined) continue;
    assert(!names.has(`${node.parent}/${node.name}`), `the name of ${node.id} is its own`);
    names.add(`${node.parent}/${node.name}`);
  }
  assert(workspace.size <= 12 + 1 && workspace.textLength <= 300);
}

const run = fc.array(fc.tuple(fc.nat(2), deed), { minLength: 1, maxLength: 60, size: "max" });

Deno.test("no clients, however mad, break the core, nor the workspace that it keeps", () => {
  let entries = 0;
  const codes = new Set<string>();
  fc.assert(
    fc.property(run, (deeds) => {
      const host = new Host(), clients = new MadClients(host);
      for (const [who, deed] of deeds) clients.do(who, deed);
      host.fails = 0;
      host.pass(10_000_000);

      let state = State.empty;
      for (const entry of host.log) {
        state = state.apply(entry);
        isSound(state);
      }
      entries += host.log.length;
      // Whoever comes now is sent what the log says.
      const connection = host.connect();
      host.say(connection, helloOf({}));
      const heard = host.heard.get(connection)!;
      assertEquals(heard[0]?.kind, "welcome");
      const texts = heard.flatMap((message) => message.kind === "sync" ? message.contents : []);
      for (const { node, text } of texts) assertEquals(text, state.workspace.text(node).toString());
      // Each connection that was welcomed has heard every revision after that once, in order.
      for (const messages of host.heard.values()) {
        let revision: number | undefined;
        for (const message of messages) {
          if (message.kind === "refuse" || message.kind === "close") codes.add(message.code);
          if (message.kind === "sync") revision = message.revision;
          if (message.kind !== "entry" && message.kind !== "acknowledge") continue;
          // An acknowledgement may come again where the operation did.
          if (message.kind === "acknowledge" && revision !== undefined && message.revision <= revision) {
            continue;
          }
          if (revision !== undefined) assertEquals(message.revision, revision + 1);
          revision = message.revision;
        }
      }
    }),
    { numRuns: 1500 },
  );
  assert(entries > 1500, `${entries} entries came into the log`);
  const expected = [
    ...["not_normal", "out_of_bounds", "splits_pair", "unknown_node", "not_a_file", "not_a_directory"],
    ...["root_is_fixed", "bad_name", "id_not_yours", "id_used", "future_base", "change_in_flight"],
    ...["session_forked", "text_too_long", "workspace_full", "too_many_nodes"],
    ...["hello_repeated", "silent", "session_resumed"],
  ];
  for (const code of expected) assert(codes.has(code), `${code} was reached: ${[...codes]}`);
});

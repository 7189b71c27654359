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
import { helloOf } from "../hello.ts";

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
      ...{ textLengthMax: 120, workspaceLengthMax: 130, nodesMax: 8 },
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
            inputs.push({
              kind: "loaded",
              workspace: output.workspace,
              epoch: "e",
              checkpoint: null,
              entries: [],
              nowUs,
            });
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
  { weight: 8, arbitrary: fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 3 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(1), fc.integer({ min: 3, max: 12 })) },
  { weight: 5, arbitrary: fc.tuple(fc.constant(freshSite), fc.integer({ min: 1, max: 4 })) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(70), fc.nat(70)) },
).map(([site, counter]) => `${site}:${counter}`);
const freshId = fc.integer({ min: 1, max: 4 }).map((counter) => `${freshSite}:${counter}`);
const anyId = fc.oneof({ weight: 5, arbitrary: id }, fc.constant(rootId));
const name = fc.constantFrom("a", "a", "a (2)", "b.txt", "b.txt", "b (2).txt", "c", "..", "x".repeat(255));
const kind = <K extends string>(kind: K) => fc.constant(kind);
const mostly = (usual: number, min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.integer({ min, max }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: kind("create"), node: fc.oneof({ weight: 6, arbitrary: freshId }, id), parent: anyId, name },
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
  insert: fc.constantFrom("", "x", "😀", "yz\r\n", "w".repeat(90), "w".repeat(60)),
});
const op = fc.oneof(
  { weight: 4, arbitrary: splice.map((splice) => [splice]) },
  fc.array(splice, { maxLength: 4 }),
);
const edit = fc.record({ node: anyId, op });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: edit.map((edit) => ({ steps: [], edits: [edit] })) },
  { weight: 3, arbitrary: step.map((step) => ({ steps: [step], edits: [] })) },
  {
    weight: 1,
    arbitrary: fc.record({
      steps: fc.array(step, { maxLength: 4 }),
      edits: fc.array(edit, { maxLength: 2 }),
    }),
  },
);

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
      behind: mostly(0, -1, 4),
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

/** Clients who do such things, and what each thinks its next seq and its next counter are. */
class MadClients {
  readonly #host: Host;
  readonly #clients: { connection: number | undefined; seq: number; counter: number }[];

  constructor(host: Host, count: number) {
    this.#host = host;
    this.#clients = Array.from({ length: count }, () => ({ connection: undefined, seq: 0, counter: 0 }));
  }

  do(who: number, deed: Deed): void {
    const host = this.#host, client = this.#clients[who]!, { length: head } = host.log;
    let { connection } = client;
    if (connection === undefined || !host.isOpen(connection)) {
      client.connection = connection = host.connect();
      if (deed.kind !== "hello") host.say(connection, helloOf({}));
    }
    const welcome = host.heard.get(connection)!.find((message) => message.kind === "welcome");
    const own = (id: NodeId) => {
      const [site, counter] = id.split(":").map(Number);
      return site === freshSite ? `${welcome?.site ?? 1}:${client.counter + counter!}` : id;
    };
    switch (deed.kind) {
      case "hello":
        // The keys of sessions are known here: a client may resume its own, or steal another's.
        return host.say(connection, helloOf({ session: `key ${deed.session}`, epoch: "e", revision: head }));
      case "operation": {
        const { edits, steps } = deed.change;
        const change = {
          edits: edits.map(({ node, op }) => ({ node: own(node), op })),
          steps: steps.map((step): Step => ({
            ...step,
            node: own(step.node),
            ..."parent" in step ? { parent: own(step.parent) } : {},
            ..."tombstone" in step && step.tombstone !== undefined ? { tombstone: own(step.tombstone) } : {},
          })),
        };
        const seq = Math.max(0, client.seq + 1 + deed.seq), base = Math.max(0, head - deed.behind);
        client.seq = Math.max(client.seq, seq);
        client.counter += 4;
        return host.say(connection, { kind: "operation", seq, base, change });
      }
      case "presence": {
        const ranges = [{ anchor: deed.at, head: 0 }], revision = Math.max(0, head - deed.behind);
        const place = { node: own(deed.node), revision, seq: deed.seq, ranges };
        return host.say(connection, { kind: "presence", place });
      }
      case "say":
        return host.say(connection, deed.message);
      case "cut":
        client.connection = undefined;
        return;
      case "pass":
        return host.pass(deed.us);
      case "fail":
        host.fails = 1;
    }
  }
}

/** Something to be mad about: two files, of which one has a text, and a directory. */
const beginning: Change = {
  steps: [
    { kind: "create", node: `${freshSite}:1`, parent: rootId, name: "a", type: "text" },
    { kind: "create", node: `${freshSite}:2`, parent: rootId, name: "b.txt", type: "text" },
    { kind: "create", node: `${freshSite}:3`, parent: rootId, name: "c", type: "directory" },
  ],
  edits: [{ node: `${freshSite}:1`, op: [{ at: 0, remove: 0, insert: "ab😀cd" }] }],
};

/** What a workspace must be, whoever made it. */
function isSound({ workspace }: State): void {
  const names = new Set<string>();
  for (const node of workspace.nodes()) {
    const text = workspace.text(node.id).toString();
    assert(text.isWellFormed() && text.length <= 120, `the text of ${node.id}`);
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
  assert(workspace.size <= 8 && workspace.textLength <= 130);
}

const run = fc.array(fc.tuple(fc.nat(2), deed), { minLength: 20, maxLength: 60, size: "max" });

/** Plays random runs, and judges each; gives what was reached in all of them together. */
function play(parameters: fc.Parameters<unknown>): { entries: number; codes: ReadonlySet<string> } {
  let entries = 0;
  const codes = new Set<string>();
  fc.assert(
    fc.property(run, (deeds) => {
      const host = new Host(), clients = new MadClients(host, 3);
      clients.do(0, { kind: "pass", us: 1000 });
      clients.do(0, { kind: "operation", seq: 0, behind: 0, change: beginning });
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
    parameters,
  );
  return { entries, codes };
}

Deno.test("no clients, however mad, break the core, nor the workspace that it keeps", () => {
  play({ numRuns: 1000 });
});

Deno.test("mad clients are told of everything that can be wrong with what they do", () => {
  // The same runs each time: what is reached must not hang on chance.
  const { entries, codes } = play({ numRuns: 1500, seed: 1 });
  assert(entries > 1500, `${entries} entries came into the log`);
  const expected = [
    ...["not_normal", "out_of_bounds", "splits_pair", "unknown_node", "not_a_file", "not_a_directory"],
    ...["root_is_fixed", "bad_name", "id_not_yours", "id_used", "future_base", "change_in_flight"],
    ...["session_forked", "text_too_long", "workspace_full", "too_many_nodes"],
    ...["hello_repeated", "silent", "session_resumed"],
  ];
  for (const code of expected) assert(codes.has(code), `${code} was reached: ${[...codes]}`);
});

/**
 * The vector of a whole session: what two clients and the real server say to each other, in bytes both ways, and the
 * workspace that each client must hold after each entry. Nothing is made up but what the clients say.
 *
 * Clients speak by hand here. One says what it has to say, and hears what there is for it when the server comes to
 * that: so two changes are made at the same time by saying both and hearing after that.
 *
 * @module
 */

import { type Change, type NodeId, rootId, type Step, type TextOp, Workspace } from "../ot/mod.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  type Hello,
  protocolVersion,
  type ServerMessage,
  toHex,
} from "../proto/mod.ts";
import { defaultSettings, type Input, type Output, ServerCore } from "../server/core/mod.ts";
import { nodesOf } from "./vectors_tree.ts";

/** A moment that will do: what takes time begins here. */
const beginningUs = 1_700_000_000_000_000;
/** What is due within this time is waited for; heartbeats are not. */
const patienceUs = 100_000;
const helloType = 5;

type Name = "Ada" | "Bob";

class Conversation {
  readonly events: unknown[] = [];
  readonly #core = new ServerCore(defaultSettings);
  /** What the server wants done, and nobody has done yet. */
  readonly #wanted: Output[] = [];
  /** The workspace after so many entries. */
  readonly #states = [Workspace.empty];
  readonly #names = new Map<number, Name>();
  readonly #readers = new Map<number, FrameReader>();
  #nowUs = beginningUs;
  #wakeUs: number | undefined;

  connect(name: Name): void {
    const connection = this.#names.size + 1;
    this.#names.set(connection, name);
    this.#readers.set(connection, new FrameReader());
    this.events.push({ client: name, event: "connected" });
    this.#step({
      kind: "connected",
      connection,
      key: `${name.toLowerCase()}-secret-${connection}`,
      nowUs: this.#nowUs,
    });
  }

  /** The client loses its connection: what is on its way to it is lost, what is on its way to the server is not. */
  cut(name: Name): void {
    const connection = this.#connectionOf(name);
    this.events.push({ client: name, event: "cut" });
    this.#readers.delete(connection);
    this.#step({ kind: "closed", connection, nowUs: this.#nowUs });
  }

  /** @param frameBytes The longest frame to send it in: in parts, if it is longer. */
  say(name: Name, message: ClientMessage, frameBytes?: number): void {
    const bytes = encodeClientMessage(message, frameBytes);
    this.events.push({ client: name, event: "says", message: plain(message), bytes: toHex(bytes) });
    this.#step({ kind: "received", connection: this.#connectionOf(name), bytes, nowUs: this.#nowUs });
  }

  /** @param resumed What is said of a session that is to be resumed. */
  hello(name: Name, resumed: Partial<Hello> = {}): void {
    const nothing = decodeClientMessage(helloType, new Uint8Array()) as Hello;
    const participant = { name, kind: "human" } as const;
    this.say(name, { ...nothing, version: protocolVersion, workspace: "demo", participant, ...resumed });
  }

  /** Lets the server do what it wants to do, until all is said that is due. */
  settle(): void {
    const untilUs = this.#nowUs + patienceUs;
    for (;;) {
      const output = this.#wanted.shift();
      if (output !== undefined) this.#carryOut(output);
      else if (this.#wakeUs === undefined || this.#wakeUs > untilUs) return;
      else {
        this.#nowUs = Math.max(this.#nowUs, this.#wakeUs);
        this.#wakeUs = undefined;
        this.#step({ kind: "due", nowUs: this.#nowUs });
      }
    }
  }

  #connectionOf(name: Name): number {
    return [...this.#names].findLast(([, other]) => other === name)![0];
  }

  #step(input: Input): void {
    this.#wanted.push(...this.#core.step(input));
  }

  #carryOut(output: Output): void {
    const nowUs = this.#nowUs;
    switch (output.kind) {
      case "send": {
        const { connection, bytes } = output;
        this.#hear(connection, bytes);
        return this.#step({ kind: "drained", connection, nowUs });
      }
      case "wake":
        this.#wakeUs = output.atUs;
        return;
      case "close":
        return this.#step({ kind: "closed", connection: output.connection, nowUs });
      case "append":
        for (const { change } of output.entries) this.#states.push(this.#states.at(-1)!.apply(change));
        return this.#step({ kind: "appended", workspace: output.workspace, nowUs });
      case "load": {
        const { workspace } = output;
        return this.#step({
          kind: "loaded",
          workspace,
          epoch: "epoch-1",
          checkpoint: null,
          entries: [],
          nowUs,
        });
      }
    }
  }

  #hear(connection: number, bytes: Uint8Array): void {
    const client = this.#names.get(connection)!;
    this.#readers.get(connection)?.push(bytes, (type, payload) => {
      const message = decodeServerMessage(type, payload);
      // A message of the server's that is long would be in parts, and what is here is not.
      const frame = new Uint8Array(payload.length + 5);
      new DataView(frame.buffer).setUint32(0, payload.length + 1);
      frame[4] = type;
      frame.set(payload, 5);
      const revision = revisionAfter(message);
      const holds = revision === undefined
        ? {}
        : { holds: { revision, ...contentOf(this.#states[revision]!) } };
      this.events.push({ client, event: "hears", message: plain(message), bytes: toHex(frame), ...holds });
    });
  }
}

/** The revision that a client holds from this message on, if it is another one. */
function revisionAfter(message: ServerMessage): number | undefined {
  if (message.kind === "entry" || message.kind === "acknowledge") return message.revision;
  return message.kind === "sync" && message.last ? message.revision : undefined;
}

function contentOf(state: Workspace): object {
  const nodes = nodesOf(state), files = nodes.filter(({ kind }) => kind === "text");
  return { nodes, texts: Object.fromEntries(files.map(({ id }) => [id, state.text(id).toString()])) };
}

/** A message as JSON has it: absent is undefined, and numbers too large for it are strings. */
export function plain(message: ClientMessage | ServerMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value) => typeof value === "bigint" ? String(value) : value),
  );
}

/** The session, event by event. */
export function sessionVectors(): Record<string, readonly unknown[]> {
  const talk = new Conversation();
  const docs: NodeId = "1:1", notes: NodeId = "1:2";
  const operation = (seq: number, base: number, { steps = [], edits = [] }: Partial<Change>) =>
    ({ kind: "operation", seq, base, change: { steps, edits } }) as const;
  const edit = (node: NodeId, op: TextOp) => ({ edits: [{ node, op }] });
  const step = (...steps: readonly Step[]) => ({ steps });

  talk.connect("Ada");
  talk.hello("Ada");
  talk.settle();
  talk.say(
    "Ada",
    operation(1, 1, {
      steps: [
        { kind: "create", node: docs, parent: rootId, name: "docs", type: "directory" },
        { kind: "create", node: notes, parent: docs, name: "notes 📝.txt", type: "text" },
      ],
      edits: [{ node: notes, op: [{ at: 0, remove: 0, insert: "a😀b\r\nc\r\n" }] }],
    }),
  );
  talk.settle();
  talk.connect("Bob");
  talk.hello("Bob");
  talk.settle();

  // Both at one place, behind the smiley: Bob's comes first, Ada's stays left.
  talk.say("Bob", operation(1, 2, edit(notes, [{ at: 3, remove: 0, insert: "🅱\r\n" }])));
  talk.say("Ada", operation(2, 2, edit(notes, [{ at: 3, remove: 0, insert: "🅰" }])));
  talk.settle();

  // Ada types amid what Bob replaces, and removes what is before it: "a😀🅰🅱\r\nb\r\nc\r\n".
  talk.say(
    "Bob",
    operation(2, 4, edit(notes, [{ at: 1, remove: 8, insert: "–" }, { at: 12, remove: 1, insert: "C" }])),
  );
  talk.say(
    "Ada",
    operation(3, 4, edit(notes, [{ at: 0, remove: 3, insert: "" }, { at: 5, remove: 0, insert: "😎" }])),
  );
  talk.settle();

  // The same new name, and a file in a directory that is being removed.
  talk.say(
    "Bob",
    operation(3, 6, step({ kind: "create", node: "2:1", parent: docs, name: "plan.txt", type: "text" })),
  );
  talk.say("Ada", operation(4, 6, step({ kind: "rename", node: notes, name: "plan.txt" })));
  talk.settle();
  talk.say("Ada", operation(5, 8, step({ kind: "remove", node: docs, tombstone: "1:3" })));
  talk.say(
    "Bob",
    operation(4, 8, {
      steps: [{ kind: "create", node: "2:2", parent: docs, name: "late.txt", type: "text" }],
      edits: [{ node: notes, op: [{ at: 0, remove: 0, insert: "hidden " }] }, {
        node: "2:2",
        op: [{ at: 0, remove: 0, insert: "late\r\n" }],
      }],
    }),
  );
  talk.settle();
  talk.say("Ada", operation(6, 10, step({ kind: "restore", node: docs, tombstone: "1:3" })));
  talk.settle();

  // Where Bob is; a change that would cut a pair; one in parts; and whether somebody is there.
  talk.say("Bob", {
    kind: "presence",
    place: { node: "2:2", revision: 11, seq: 4, ranges: [{ anchor: 0, head: 4 }] },
  });
  talk.say("Ada", operation(7, 11, edit(notes, [{ at: 9, remove: 0, insert: "!" }])));
  talk.settle();
  talk.say(
    "Ada",
    operation(8, 11, edit("2:2", [{ at: 6, remove: 0, insert: "in parts 🧩\r\n".repeat(8) }])),
    64,
  );
  talk.say("Bob", operation(5, 11, edit("2:2", [{ at: 4, remove: 2, insert: "" }])));
  talk.say("Bob", { kind: "ping", value: 0x0102030405060708n });
  talk.settle();

  // Ada's connection breaks after her change has got through and before she hears of it. Bob goes on.
  const unanswered = operation(9, 13, edit(notes, [{ at: 0, remove: 6, insert: "shown" }]));
  talk.say("Ada", unanswered);
  talk.cut("Ada");
  talk.settle();
  talk.say("Bob", operation(6, 14, edit(notes, [{ at: 5, remove: 0, insert: " again" }])));
  talk.settle();
  talk.connect("Ada");
  talk.hello("Ada", { session: "ada-secret-1", epoch: "epoch-1", revision: 13 });
  talk.settle();

  // It breaks once more. What Ada makes meanwhile is transformed over what she has missed.
  talk.cut("Ada");
  talk.say("Bob", operation(7, 15, edit(notes, [{ at: 0, remove: 0, insert: "⏳" }])));
  talk.settle();
  talk.connect("Ada");
  talk.hello("Ada", { session: "ada-secret-1", epoch: "epoch-1", revision: 15 });
  talk.say("Ada", operation(10, 15, edit(notes, [{ at: 0, remove: 0, insert: "⌛" }])));
  talk.settle();

  // What can be executed: said of a file that is there, by both at once, and of a new one.
  talk.say("Ada", operation(11, 17, step({ kind: "mode", node: "2:2", executable: true })));
  talk.say("Bob", operation(8, 17, step({ kind: "mode", node: "2:2", executable: false })));
  const run = {
    kind: "create",
    node: "1:4",
    parent: rootId,
    name: "run.sh",
    type: "text",
    executable: true,
  } as const;
  talk.say("Ada", operation(12, 18, step(run)));
  talk.settle();

  // Both depend on the same text, and for both it is what it was; for one it is another by then.
  const demand = { task: "the end 🏁", conditions: [{ kind: "content", node: notes, since: 20 }] } as const;
  talk.say("Bob", { ...operation(9, 20, edit(notes, [{ at: 0, remove: 0, insert: "🅱" }])), ...demand });
  talk.say("Ada", { ...operation(13, 20, edit(notes, [{ at: 0, remove: 0, insert: "🅰" }])), ...demand });
  talk.settle();
  for (const name of ["Ada", "Bob"] as const) {
    talk.say(name, { kind: "close", code: "bye", message: "", resume: false, retryMs: 0 });
    talk.settle();
  }
  return { events: talk.events };
}

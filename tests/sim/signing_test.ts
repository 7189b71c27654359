/**
 * Signed changes through the real cores: who is let in with a key, what is taken, and what the log keeps of it.
 *
 * @module
 */

import { ClientCore } from "../../client/core/mod.ts";
import { emptyChange, insert, type NodeId, rootId, type TextOp } from "../../ot/mod.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeSigned,
  FrameReader,
  fromHex,
  type Hello,
  operationBytes,
  type ServerMessage,
  signedMessage,
  Signer,
  signingHead,
  verify,
  type Welcome,
} from "../../proto/mod.ts";
import {
  defaultSettings,
  type Input,
  type LogEntry,
  ServerCore,
  type Settings,
} from "../../server/core/mod.ts";
import { World, type WorldClient, type WorldOptions } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";

const [adaSecret, bobSecret] = ["aa".repeat(32), "bb".repeat(32)];
const ada = new Signer(adaSecret);

function edit(world: World, client: WorldClient, node: NodeId, op: TextOp): void {
  world.tell(client, { kind: "change", change: { steps: [], edits: [{ node, op }] }, atomic: true });
}

function create(world: World, client: WorldClient, name: string): NodeId {
  const node = client.core.nextId(0);
  world.tell(client, {
    kind: "change",
    change: { steps: [{ kind: "create", node, parent: rootId, name, type: "text" }], edits: [] },
    atomic: true,
  });
  return node;
}

const entriesOf = (world: World) => world.log.get("w")!.filter(({ session }) => session !== "");

/** Whether the log shows that the key of the session has signed an entry. */
function isSignedBy(entry: LogEntry, key: string, workspace = "w"): boolean {
  const { session, site, seq, change, signed } = entry;
  if (signed === undefined) return false;
  const bytes = signed.bytes === undefined
    ? operationBytes({ seq, base: signed.base, change })
    : fromHex(signed.bytes);
  const message = signedMessage(signingHead({ workspace, session, site }), bytes);
  return verify(fromHex(signed.signature), message, fromHex(key));
}

function refusalsOf({ events }: WorldClient): string[] {
  return events.flatMap((event) =>
    event.kind === "settled" && event.outcome.kind === "refused" ? [event.outcome.problem.code] : []
  );
}

function signing(options: WorldOptions = {}): { world: World; client: WorldClient; file: NodeId } {
  const world = new World(options);
  const client = world.client("Ada", { signingKey: adaSecret });
  world.settle();
  const file = create(world, client, "a.txt");
  world.settle();
  return { world, client, file };
}

Deno.test("the log keeps of a signed change its base and signature, and who signs with a session's first one", () => {
  const { world, client, file } = signing();
  edit(world, client, file, insert(0, "hello"));
  world.settle();
  const [first, second] = entriesOf(world);
  assertEquals(first!.signed, {
    base: 1,
    signature: first!.signed!.signature,
    signer: { key: ada.key, workspace: "w" },
  });
  assertEquals(second!.signed, { base: 2, signature: second!.signed!.signature });
  for (const entry of entriesOf(world)) {
    assert(isSignedBy(entry, ada.key) && !isSignedBy(entry, ada.key, "v"));
  }
});

Deno.test("of a change that came out differently the log keeps what was signed as well", () => {
  const { world, client, file } = signing();
  const bob = world.client("Bob");
  world.settle();
  edit(world, client, file, insert(0, "ada"));
  edit(world, bob, file, insert(0, "bob"));
  create(world, client, "b.txt");
  create(world, bob, "b.txt");
  world.settle();
  const [, ...late] = entriesOf(world).filter(({ site }) => site === client.core.site);
  const own = entriesOf(world).filter(({ signed }) => signed !== undefined);
  assert(own.every((entry) => isSignedBy(entry, ada.key)));
  assertEquals(late.length, 2);
  assertEquals(entriesOf(world).filter(({ signed }) => signed === undefined).length, 2);

  // Now one that is transformed: the other one's is in the log before it is sent.
  edit(world, bob, file, insert(0, "first "));
  const connection = world.links()[1]!;
  edit(world, client, file, insert(3, "!"));
  world.moveUp(connection);
  world.settle();
  const last = entriesOf(world).at(-1)!;
  assert(last.signed?.bytes !== undefined, "it is kept as it was signed");
  assert(isSignedBy(last, ada.key));
  assertEquals(last.change.edits[0]!.op[0]!.at, 9);
});

/**
 * A server with connections that are spoken on by hand; its log stores at once. It is saved and restored before each
 * input.
 */
class Server {
  readonly entries: LogEntry[] = [];
  /** On the newest connection. */
  #heard: ServerMessage[] = [];
  #core: ServerCore;
  readonly #settings: Settings;
  #connections = 0;

  constructor(settings: Partial<Settings> = {}) {
    this.#settings = { ...defaultSettings, ...settings };
    this.#core = new ServerCore(this.#settings);
  }

  /** A new connection that says Hello; gives what it was told first. */
  hello(hello: Partial<Hello>): ServerMessage {
    const connection = ++this.#connections;
    this.#heard = [];
    this.#step({ kind: "connected", connection, key: `key ${connection}`, nowUs: beginUs });
    return this.say(encodeClientMessage(helloOf({ workspace: "w", ...hello })))[0]!;
  }

  /** Something is said on the newest connection; gives what was told in answer. */
  say(bytes: Uint8Array): ServerMessage[] {
    const from = this.#heard.length;
    this.#step({ kind: "received", connection: this.#connections, bytes, nowUs: beginUs });
    this.#step({ kind: "due", nowUs: beginUs });
    return this.#heard.slice(from);
  }

  /** The process begins anew, with what the log has. */
  restart(): void {
    this.#core = new ServerCore(this.#settings);
  }

  #step(input: Input): void {
    this.#core = ServerCore.restore(this.#settings, JSON.parse(JSON.stringify(this.#core.save())));
    for (const output of this.#core.step(input)) {
      switch (output.kind) {
        case "send":
          if (output.connection === this.#connections) {
            new FrameReader().push(output.bytes, (type, payload) => {
              this.#heard.push(decodeServerMessage(type, payload));
            });
          }
          this.#step({ kind: "drained", connection: output.connection, nowUs: beginUs });
          break;
        case "load": {
          const { workspace } = output, entries = this.entries.slice();
          this.#step({ kind: "loaded", workspace, epoch: "e", checkpoint: null, entries, nowUs: beginUs });
          break;
        }
        case "append":
          this.entries.push(...output.entries);
          this.#step({ kind: "appended", workspace: output.workspace, nowUs: beginUs });
          break;
        case "close":
          this.#step({ kind: "closed", connection: output.connection, nowUs: beginUs });
      }
    }
  }
}

const beginUs = 1_700_000_000_000_000;

function codeOf(message: ServerMessage | undefined): string | undefined {
  return message?.kind === "close" || message?.kind === "refuse" ? message.code : message?.kind;
}

function welcomed(message: ServerMessage): Welcome {
  assert(message.kind === "welcome", JSON.stringify(message));
  return message;
}

/** A change of a session, as somebody signs it who may take another place or other bytes for those. */
function signed(
  { session, site }: Welcome,
  seq: number,
  base: number,
  { by = ada, workspace = "w", spoilt = (bytes) => bytes, ...place }: {
    readonly by?: Signer;
    readonly workspace?: string;
    readonly session?: string;
    readonly site?: number;
    readonly spoilt?: (bytes: Uint8Array) => Uint8Array;
  } = {},
): Uint8Array {
  const step = {
    kind: "create",
    node: `${site}:${seq}`,
    parent: rootId,
    name: `${seq}`,
    type: "directory",
  } as const;
  const operation = { kind: "operation", seq, base, change: { steps: [step], edits: [] } } as const;
  const head = signingHead({ workspace, session, site, ...place });
  return encodeSigned(operation, (bytes) => by.sign(signedMessage(head, spoilt(bytes))));
}

Deno.test("a change that is not signed as its session is takes no effect, and the next one does", () => {
  const server = new Server();
  const welcome = welcomed(server.hello({ key: ada.key }));
  const take = (bytes: Uint8Array) => server.say(bytes).map(codeOf).filter((code) => code !== "sync");
  assertEquals(take(signed(welcome, 1, 1)), ["acknowledge"]);
  const head = server.entries.length;
  const wrongs: Uint8Array[] = [
    signed(welcome, 2, 2, { by: new Signer(bobSecret) }),
    signed(welcome, 3, 2, { workspace: "v" }),
    signed(welcome, 4, 2, { session: "key 2" }),
    signed(welcome, 5, 2, { site: welcome.site + 1 }),
    signed(welcome, 6, 2, { spoilt: () => operationBytes({ seq: 6, base: 1, change: emptyChange }) }),
    encodeClientMessage({
      kind: "operation",
      seq: 7,
      base: 2,
      change: emptyChange,
      signature: "00".repeat(64),
    }),
  ];
  for (const wrong of wrongs) assertEquals(take(wrong), ["signature_invalid"]);
  const unsigned = { kind: "operation", seq: 8, base: 2, change: emptyChange } as const;
  assertEquals(take(encodeClientMessage(unsigned)), ["signature_missing"]);
  assertEquals(server.entries.length, head);
  assertEquals(take(signed(welcome, 9, 2)), ["acknowledge"]);
});

Deno.test("a signature from elsewhere is not good for the same change in another session of the same key", () => {
  const server = new Server();
  const first = welcomed(server.hello({ key: ada.key })), second = welcomed(server.hello({ key: ada.key }));
  assertEquals(server.say(signed(second, 1, 1, { session: first.session })).map(codeOf), [
    "signature_invalid",
  ]);
  assertEquals(server.say(signed(second, 2, 1)).map(codeOf), ["acknowledge"]);
});

Deno.test("who has no key cannot sign, and need not, unless the server takes signed changes alone", () => {
  const unsigned = (seq: number) =>
    encodeClientMessage({ kind: "operation", seq, base: 1, change: emptyChange });
  const lenient = new Server(), guest = welcomed(lenient.hello({}));
  assertEquals(lenient.say(signed(guest, 1, 1)).map(codeOf), ["signature_invalid"]);
  assertEquals(lenient.say(unsigned(2)).map(codeOf), ["acknowledge"]);

  const strict = new Server({ signaturesRequired: true });
  welcomed(strict.hello({}));
  assertEquals(strict.say(unsigned(1)).map(codeOf), ["signature_required"]);
  const welcome = welcomed(strict.hello({ key: ada.key }));
  assertEquals(strict.say(signed(welcome, 1, 1)).map(codeOf), ["acknowledge"]);
});

Deno.test("a session is resumed with the key that it began with, also after the server has begun anew", () => {
  const server = new Server();
  const { session, epoch } = welcomed(server.hello({ key: ada.key }));
  const plain = welcomed(server.hello({}));
  const unsigned = { kind: "operation", seq: 1, base: 1, change: emptyChange } as const;
  const other = new Signer(bobSecret).key;
  const resume = (session: string, key: string | undefined) =>
    codeOf(server.hello({ session, epoch, revision: 1, ...key === undefined ? {} : { key } }));
  const look = () => {
    assertEquals(resume(session, other), "key_differs");
    assertEquals(resume(session, undefined), "key_differs");
    assertEquals(resume(plain.session, ada.key), "key_differs");
    const welcome = server.hello({ session, epoch, revision: 1, key: ada.key });
    assertEquals(welcomed(welcome).resumed, true);
    return welcomed(welcome);
  };
  assertEquals(server.say(encodeClientMessage(unsigned)).map(codeOf), ["acknowledge"]);
  assertEquals(server.say(signed(look(), 1, 1)).map(codeOf), ["acknowledge"]);
  server.restart();
  look();
});

Deno.test("a key that may not sign is turned away", () => {
  const server = new Server();
  for (const key of ["00".repeat(32), "ff".repeat(32), "aa".repeat(31)]) {
    assertEquals(codeOf(server.hello({ key })), "key_invalid");
  }
  assertEquals(codeOf(server.hello({ key: ada.key })), "welcome");
});

Deno.test("a change that is sent again is the same, byte for byte, and takes effect once", () => {
  const { world, client, file } = signing();
  edit(world, client, file, insert(0, "once"));
  world.moveUp(client.link!.connection);
  world.cut(client);
  world.settle();
  assertEquals(client.core.view.text(file).toString(), "once");
  assertEquals(entriesOf(world).length, 2);
});

Deno.test("who goes on in another session, since the log was lost, signs for that", () => {
  const { world, client, file } = signing();
  edit(world, client, file, insert(0, "sent"));
  world.crash({ forgetLog: true });
  world.settle();
  assertEquals(refusalsOf(client), ["fate_unknown"]);
  const node = create(world, client, "new.txt");
  edit(world, client, node, insert(0, "anew"));
  world.settle();
  assert(entriesOf(world).length >= 2);
  for (const entry of entriesOf(world)) assert(isSignedBy(entry, ada.key));
});

Deno.test("who comes back with another key goes on in a new session, and is told what may be in the log", () => {
  const { world, client, file } = signing();
  edit(world, client, file, insert(0, "sent"));
  edit(world, client, file, insert(4, ", then unsent"));
  const unsent = client.core.unsent()!;
  world.moveUp(client.link!.connection);
  world.cut(client);
  const again = world.client("Ada", { signingKey: bobSecret, unsent });
  world.clients.splice(world.clients.indexOf(client), 1);
  world.settle();
  assertEquals(refusalsOf(again), ["fate_unknown"]);
  assertEquals(again.core.phase, "online");
  assertEquals(again.core.view.text(file).toString(), "sent, then unsent");
  const [, , last] = entriesOf(world);
  assert(isSignedBy(last!, new Signer(bobSecret).key));
});

Deno.test("a client that signs, saved and restored, goes on as if nothing had been", () => {
  const options = {
    workspace: "w",
    participant: { name: "Ada", kind: "human" },
    seed: 1,
    signingKey: adaSecret,
  } as const;
  const core = new ClientCore(options);
  core.step({ kind: "start", nowUs: beginUs });
  const again = ClientCore.restore(options, JSON.parse(JSON.stringify(core.save())));
  const outputs = [core, again].map((core) => core.step({ kind: "opened", nowUs: beginUs }));
  assertEquals(JSON.stringify(outputs[0]), JSON.stringify(outputs[1]));
  const send = outputs[0]!.find((output) => output.kind === "send")!;
  assert(send.kind === "send");
  const [hello] = messagesIn(send.bytes);
  assert(hello?.kind === "hello");
  assertEquals(hello.key, ada.key);
});

function messagesIn(bytes: Uint8Array): ClientMessage[] {
  const messages: ClientMessage[] = [];
  new FrameReader().push(bytes, (type, payload) => messages.push(decodeClientMessage(type, payload)));
  return messages;
}

/**
 * fixtures/vectors, read back as a client in another language would read them.
 *
 * @module
 */

import { plain } from "../../cli/vectors_session.ts";
import { vectorFiles } from "../../cli/generate_vectors.ts";
import {
  compose,
  type Edit,
  faultOf,
  invert,
  type Node,
  type NodeId,
  type Notice,
  resolve,
  type Step,
  Text,
  type TextOp,
  transform,
  transformEdits,
  transformPosition,
  Workspace,
} from "../../ot/mod.ts";
import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { decodeClientMessage, decodeServerMessage, FrameReader, fromHex, toHex } from "../../proto/mod.ts";
import { nativeVerify } from "../../server/native_verify.ts";
import { assert, assertEquals } from "../assert.ts";

/** The rows of a file, as its README.md describes them. */
async function rowsOf<Tables>(file: string): Promise<Tables> {
  return JSON.parse(await Deno.readTextFile(new URL(`../../fixtures/vectors/${file}`, import.meta.url)));
}

const applied = (text: string, ...ops: readonly TextOp[]) =>
  ops.reduce((text, op) => text.apply(op), Text.of(text)).toString();

interface TextTables {
  transform: { text: string; a: TextOp; b: TextOp; aOverB: TextOp; bOverA: TextOp; merged: string }[];
  compose: { text: string; first: TextOp; second: TextOp; composed: TextOp; result: string }[];
  invert: { text: string; op: TextOp; result: string; inverse: TextOp }[];
  position: { text: string; over: TextOp; after: number[] }[];
  refused: { text: string; op: TextOp; code: string }[];
}

Deno.test("the vectors of texts are what the operations come to", async () => {
  const tables = await rowsOf<TextTables>("text.json");
  for (const { text, a, b, aOverB, bOverA, merged } of tables.transform) {
    assertEquals(transform(a, b, "left"), aOverB);
    assertEquals(transform(b, a, "right"), bOverA);
    assertEquals([applied(text, a, bOverA), applied(text, b, aOverB)], [merged, merged]);
  }
  for (const { text, first, second, composed, result } of tables.compose) {
    assertEquals(compose(first, second), composed);
    assertEquals([applied(text, first, second), applied(text, composed)], [result, result]);
  }
  for (const { text, op, result, inverse } of tables.invert) {
    assertEquals(invert(op, text), inverse);
    assertEquals([applied(text, op), applied(result, inverse)], [result, text]);
  }
  for (const { text, over, after } of tables.position) {
    assertEquals(after.length, text.length + 1);
    after.forEach((place, at) => assertEquals(transformPosition(at, over, "left"), place));
  }
  for (const { text, op, code } of tables.refused) assertEquals(faultOf(op, Text.of(text)), code);
});

Deno.test("the vectors of texts have astral characters and line ends of two characters in all their lists", async () => {
  const tables = await rowsOf<Record<string, { text: string }[]>>("text.json");
  for (const [title, rows] of Object.entries(tables)) {
    const texts = rows.map(({ text }) => text).join("");
    assert(/[\u{10000}-\u{10ffff}]/u.test(texts), title);
    assert(title === "refused" || texts.includes("\r\n"), title);
  }
});

interface TreeRow {
  says: string;
  site: number;
  counter: number;
  before: Node[];
  steps: Step[];
  resolved: Step[];
  notices: Notice[];
  counterAfter: number;
  after: Node[];
  refused: string;
}

Deno.test("the vectors of the tree are what steps come to, or why they are refused", async () => {
  for (const row of (await rowsOf<{ resolve: TreeRow[] }>("tree.json")).resolve) {
    const state = Workspace.of(row.before, []);
    const resolution = resolve(row.steps, state, row);
    if ("fault" in resolution) {
      assertEquals(resolution.fault, row.refused, row.says);
      continue;
    }
    const { steps, notices, counter } = resolution;
    assertEquals([steps, notices, counter], [row.resolved, row.notices, row.counterAfter], row.says);
    assertEquals(nodesIn(state.apply({ steps, edits: [] })), row.after.map(shown), row.says);
  }
});

/** What is said of a node in JSON, in one order. */
function shown({ id, parent, name, kind, tombstone, executable }: Node): string {
  return [id, parent, name, kind, tombstone, executable].join(" ");
}

function nodesIn(state: Workspace): string[] {
  return [...state.nodes()].filter(({ id }) => id !== "0:0").map(shown).sort();
}

interface SessionEvent {
  client: string;
  event: "connected" | "cut" | "says" | "hears";
  message?: unknown;
  bytes?: string;
  holds?: { revision: number; nodes: Node[]; texts: Record<NodeId, string> };
}

/** A client that keeps no more than it must: what is confirmed, and the edits that are in flight. */
class PlainClient {
  site = 0;
  revision = 0;
  state = Workspace.empty;
  inFlight: readonly Edit[] = [];
  #nodes: Node[] = [];
  #texts = new Map<NodeId, string>();

  says(bytes: Uint8Array): unknown {
    return theMessage(bytes, (type, payload) => {
      const message = decodeClientMessage(type, payload);
      if (message.kind === "operation") this.inFlight = message.change.edits;
      return plain(message);
    });
  }

  hears(bytes: Uint8Array): unknown {
    return theMessage(bytes, (type, payload) => {
      const message = decodeServerMessage(type, payload);
      switch (message.kind) {
        case "welcome":
          if (!message.resumed) [this.#nodes, this.#texts] = [[], new Map()];
          this.site = message.site;
          break;
        case "sync":
          this.#nodes.push(...message.nodes);
          for (const { node, text } of message.contents) {
            this.#texts.set(node, (this.#texts.get(node) ?? "") + text);
          }
          this.state = Workspace.of(this.#nodes, [...this.#texts].map(([id, text]) => [id, Text.of(text)]));
          this.revision = message.revision;
          break;
        case "entry": {
          const { site, change } = message, isLower = this.site < site;
          this.#next(message.revision, change.steps, change.edits);
          this.inFlight = transformEdits(this.inFlight, change.edits, isLower ? "left" : "right");
          break;
        }
        case "acknowledge":
          this.#next(message.revision, message.steps, this.inFlight);
          this.inFlight = [];
          break;
        case "refuse":
          this.inFlight = [];
      }
      return plain(message);
    });
  }

  #next(revision: number, steps: readonly Step[], edits: readonly Edit[]): void {
    assertEquals(revision, this.revision + 1);
    this.revision = revision;
    this.state = this.state.apply({ steps, edits });
  }
}

/** What `read` makes of the one message in some bytes. */
function theMessage<T>(bytes: Uint8Array, read: (type: number, payload: Uint8Array) => T): T {
  const messages: T[] = [];
  new FrameReader().push(bytes, (type, payload) => messages.push(read(type, payload)));
  assertEquals(messages.length, 1);
  return messages[0]!;
}

Deno.test("the vector of a session leads each client from one workspace to the next", async () => {
  const clients = new Map<string, PlainClient>(), seen = new Map<string, number>();
  const { events } = await rowsOf<{ events: SessionEvent[] }>("session.json");
  for (const { client: name, event, message, bytes, holds } of events) {
    let client = clients.get(name);
    if (client === undefined) clients.set(name, client = new PlainClient());
    if (event === "says") assertEquals(client.says(fromHex(bytes!)), message);
    if (event === "hears") assertEquals(client.hears(fromHex(bytes!)), message);
    if (holds === undefined) continue;
    seen.set(name, holds.revision);
    assertEquals(client.revision, holds.revision);
    assertEquals(nodesIn(client.state), holds.nodes.map(shown));
    for (const [id, text] of Object.entries(holds.texts)) assertEquals(`${client.state.text(id)}`, text);
  }
  assertEquals([...seen], [["Ada", 21], ["Bob", 21]]);
});

interface SigningTables {
  signatures: Record<
    "workspace" | "session" | "secretKey" | "key" | "bytes" | "message" | "signature" | "frame",
    string
  >[];
  verify: { what: string; key: string; message: string; signature: string; isGood: boolean }[];
  keys: { what: string; key: string; maySign: boolean }[];
}

Deno.test("the vectors of signatures are made and verified by the platform's Ed25519, by what the page says", async () => {
  const { signatures, verify, keys } = await rowsOf<SigningTables & { signatures: { site: number }[] }>(
    "signing.json",
  );
  for (const { workspace, session, site, secretKey, key, bytes, message, signature, frame } of signatures) {
    const number = site.toString(16).padStart(8, "0");
    const name = toHex(new TextEncoder().encode(workspace)), length = toHex(Uint8Array.of(workspace.length));
    const hash = createHash("sha256").update(session).digest("hex");
    const domain = toHex(new TextEncoder().encode("dist-space operation 1\n"));
    assertEquals(message, domain + length + name + hash + number + bytes);
    const prefix = fromHex("302e020100300506032b657004220420");
    const secret = createPrivateKey({
      key: Buffer.concat([prefix, fromHex(secretKey)]),
      format: "der",
      type: "pkcs8",
    });
    assertEquals(sign(null, fromHex(message), secret).toString("hex"), signature);
    assert(nativeVerify(fromHex(signature), fromHex(message), fromHex(key)));
    // The head of a frame, its type, the operation, and the signature as the field behind it.
    assertEquals(frame.slice(10), `${bytes}2240${signature}`);
  }
  for (const { what, key, message, signature, isGood } of verify) {
    assertEquals(nativeVerify(fromHex(signature), fromHex(message), fromHex(key)), isGood, what);
  }
  assertEquals(verify.map(({ isGood }) => isGood), [true, false, false, false, false]);
  assertEquals(keys.map(({ maySign }) => maySign), [true, false, false, false, false, false]);
});

Deno.test("fixtures/vectors holds what the code gives now", async () => {
  for (const [name, text] of vectorFiles()) {
    const path = new URL(`../../fixtures/vectors/${name}`, import.meta.url);
    assert(await Deno.readTextFile(path) === text, `${name} is to be made again: deno task proto`);
  }
});

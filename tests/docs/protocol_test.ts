/**
 * The page docs/protocol.md, held to what it says: its bytes are played against the real server, its examples and
 * its rules against the real operations.
 *
 * @module
 */

import fc from "fast-check";
import {
  difference,
  normalize,
  type Side,
  type Splice,
  Text,
  type TextOp,
  transform,
  transformPosition,
} from "../../ot/mod.ts";
import { encodeClientMessage, FrameReader } from "../../proto/mod.ts";
import { defaultSettings, type Input, type Output, ServerCore } from "../../server/core/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";

const page = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));

/** The bytes of the page, each piece with what is said above it: "Ada to server". */
const pieces = [...page.matchAll(/^```text (.+)\n([^`]*)```$/gm)].map(([, title, body]) => ({
  title: title!,
  bytes: Uint8Array.from(
    body!.split("\n").flatMap((line) =>
      /^[0-9a-f]{2}( [0-9a-f]{2})*(?=\s\s|$)/.exec(line)?.[0].split(" ") ?? []
    ),
    (digits) => parseInt(digits, 16),
  ),
}));

/** The frames that stand in some bytes, each with its type and its length before it. */
function framesIn(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  new FrameReader().push(bytes, (type, payload) => {
    const frame = new Uint8Array(payload.length + 5);
    new DataView(frame.buffer).setUint32(0, payload.length + 1);
    frame[4] = type;
    frame.set(payload, 5);
    frames.push(frame);
  });
  return frames;
}

/** A server as the page has it: on an empty log, at one moment, and with secrets that anybody can guess. */
class Server {
  readonly #core = new ServerCore(defaultSettings);
  readonly #sent = new Map<string, Uint8Array[]>();

  connect(name: string): void {
    this.#sent.set(name, []);
    this.#step({
      kind: "connected",
      connection: this.#sent.size,
      key: `${name.toLowerCase()}-secret`,
      nowUs,
    });
  }

  receive(name: string, bytes: Uint8Array): void {
    this.#step({ kind: "received", connection: [...this.#sent.keys()].indexOf(name) + 1, bytes, nowUs });
  }

  /** The next frame of a type that has been sent to somebody; those before it have been passed over. */
  next(name: string, type: number): Uint8Array | undefined {
    const frames = this.#sent.get(name)!;
    const index = frames.findIndex((frame) => frame[4] === type);
    return frames.splice(0, index + 1)[index];
  }

  #step(input: Input): void {
    for (const output of this.#core.step(input)) this.#carryOut(output);
  }

  #carryOut(output: Output): void {
    switch (output.kind) {
      case "send": {
        const { connection } = output;
        [...this.#sent.values()][connection - 1]!.push(...framesIn(output.bytes));
        return this.#step({ kind: "drained", connection, nowUs });
      }
      case "wake":
        return output.atUs <= nowUs ? this.#step({ kind: "due", nowUs }) : undefined;
      case "append":
        return this.#step({ kind: "appended", workspace: output.workspace, nowUs });
      case "load":
        return this.#step({
          kind: "loaded",
          workspace: output.workspace,
          epoch: "epoch-1",
          checkpoint: null,
          entries: [],
          nowUs,
        });
    }
  }
}

const nowUs = 1_700_000_000_000_000;

Deno.test("the conversation of the protocol page is one that the server holds, byte for byte", () => {
  const server = new Server();
  server.connect("Ada");
  let frames = 0;
  for (const { title, bytes } of pieces) {
    const [, client, , receiver] = /^(?:(\w+) to server|(server) to (\w+))$/.exec(title) ?? [];
    if (client === undefined && receiver === undefined) continue;
    assertEquals(framesIn(bytes), [bytes], `"${title}" is one whole frame`);
    frames++;
    if (client !== undefined) {
      server.receive(client, bytes);
      continue;
    }
    if (receiver === "Ada" && bytes[4] === 10) {
      // "Bob does the same as Ada": his Hello is not on the page.
      server.connect("Bob");
      const participant = { name: "Bob", kind: "human" } as const;
      server.receive("Bob", encodeClientMessage(helloOf({ workspace: "demo", participant })));
    }
    assertEquals(server.next(receiver!, bytes[4]!), bytes, title);
  }
  assertEquals(frames, 12);
});

Deno.test("the parts on the protocol page are the operation above them", () => {
  const parts = pieces.find(({ title }) => title === "in parts")!;
  const whole = pieces.findLast(({ title }) => title === "Ada to server")!;
  assertEquals(framesIn(parts.bytes), [whole.bytes]);
});

/** The text and the edit of a drawing: `{X}` inserts, `[b]` deletes. */
function drawn(drawing: string): { readonly text: string; readonly op: TextOp } {
  const splices: Splice[] = [];
  let text = "";
  for (const [, insert, removed, kept] of drawing.matchAll(/\{(.*?)\}|\[(.*?)\]|([^{[]+)/g)) {
    if (insert !== undefined) splices.push({ at: text.length, remove: 0, insert });
    if (removed !== undefined) splices.push({ at: text.length, remove: removed.length, insert: "" });
    text += removed ?? kept ?? "";
  }
  return { text, op: normalize(splices) };
}

Deno.test("the examples of the protocol page come out as it says", () => {
  const rows = [...page.matchAll(/^\| `(.*?)` *\| `(.*?)` *\| `(.*?)` *\| `(.*?)` *\|$/gm)];
  assertEquals(rows.length, 10);
  for (const [row, text, one, two, both] of rows) {
    const a = drawn(one!), b = drawn(two!);
    assertEquals([a.text, b.text], [text, text], row);
    const applied = (first: TextOp, second: TextOp) => Text.of(text!).apply(first).apply(second).toString();
    assertEquals(applied(a.op, transform(b.op, a.op, "right")), both, row);
    assertEquals(applied(b.op, transform(a.op, b.op, "left")), both, row);
  }
});

/** How far the splices of `over` that end at or before some place have moved it. */
function moved(over: TextOp, ends: (end: number) => boolean): number {
  return over.filter(({ at, remove }) => ends(at + remove))
    .reduce((sum, { remove, insert }) => sum + insert.length - remove, 0);
}

/** transform() as the page has it, in its words. */
function transformInWords(op: TextOp, over: TextOp, side: Side): TextOp {
  const splices: Splice[] = [];
  for (const { at, remove, insert } of op) {
    const other = over.find((o) => o.at <= at && at <= o.at + o.remove);
    const place = other === undefined || (other.at === at && side === "left")
      ? at + moved(over, (end) => end < at)
      : other.at + moved(over, (end) => end < other.at) + other.insert.length;
    splices.push({ at: place, remove: 0, insert });
    for (let i = at; i < at + remove; i++) {
      if (over.some((o) => o.at <= i && i < o.at + o.remove)) continue;
      splices.push({ at: i + moved(over, (end) => end <= i), remove: 1, insert: "" });
    }
  }
  return normalize(splices);
}

/** transformPosition() as the page has it, with the bias of a cursor. */
function positionInWords(position: number, over: TextOp): number {
  const around = over.find(({ at, remove }) => at <= position && position <= at + remove);
  if (around === undefined || around.at === position) {
    return position + moved(over, (end) => end < position);
  }
  return around.at + moved(over, (end) => end < around.at) + around.insert.length;
}

Deno.test("transform() and transformPosition() do what the protocol page says in words", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 10 });
  fc.assert(
    fc.property(text, text, text, fc.nat(10), (before, one, two, position) => {
      const a = difference(before, one), b = difference(before, two);
      for (const side of ["left", "right"] as const) {
        assertEquals(transform(a, b, side), transformInWords(a, b, side));
      }
      position = Math.min(position, before.length);
      assertEquals(transformPosition(position, a, "left"), positionInWords(position, a));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the protocol page leads to files that are there", async () => {
  for (const [, path] of page.matchAll(/\]\(([^)#]+)/g)) {
    assert((await Deno.stat(new URL(path!, new URL("../../docs/", import.meta.url)))).isFile, path);
  }
});

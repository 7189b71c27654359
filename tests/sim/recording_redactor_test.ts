/**
 * Redaction: nothing that was typed is left, and everything goes on as it did.
 *
 * @module
 */

import fc from "fast-check";
import { nameFault, numberedNames } from "../../ot/name.ts";
import { isComposed } from "../../ot/unicode.ts";
import {
  type AdminQuestion,
  type Condition,
  encodeClientMessage,
  encodeSigned,
  signedMessage,
  Signer,
  signingHead,
} from "../../proto/mod.ts";
import { Cipher } from "../../sim/recording_cipher.ts";
import { folded, turned } from "../../sim/recording_letters.ts";
import { readRecording, type Recording } from "../../sim/recording_reader.ts";
import { recordsIn } from "../../sim/recording_replayer.ts";
import { redact, RedactionError } from "../../sim/recording_redactor.ts";
import { RecordingView } from "../../sim/recording_view.ts";
import { scenarioFrom } from "../../sim/profiles.ts";
import { Random } from "../../sim/random.ts";
import { recordedSimulation } from "../../sim/recorded_simulation.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { header, recordedPlan, RecordedSession, startedUs } from "./recorded_session.ts";

function words(seed = "5"): () => number {
  const stream = new Random(seed).stream("redaction");
  return () => stream.word();
}

function redacted(recording: Recording): { lines: string[]; recording: Recording } {
  const lines: string[] = [];
  redact(recording, words(), (line) => lines.push(line));
  return { lines, recording: readRecording(lines) };
}

/** All the texts in a recording: of its files, its names, its messages. */
function textsIn(recording: Recording): string {
  const view = new RecordingView(recording), texts: unknown[] = [];
  for (let moment = view.next(); moment !== undefined; moment = view.next()) {
    texts.push(moment.said.map(({ message }) => "value" in message ? "" : message));
    texts.push(moment.record.input.kind === "connected" ? moment.record.input : "");
    texts.push(moment.outputs.filter(({ kind }) => kind !== "send"));
  }
  assertEquals(view.replayer.difference, undefined);
  return JSON.stringify([texts, view.log.workspaces]);
}

function replaysRedacted(session: RecordedSession): Recording {
  const { recording } = redacted(session.end());
  const view = new RecordingView(recording);
  view.jump(Infinity);
  assertEquals(view.replayer.difference, undefined);
  assertEquals(view.log.revision(view.log.workspaces[0]!), session.entries().length);
  return recording;
}

function utf8(text: string): number {
  return new TextEncoder().encode(text).length;
}

Deno.test("a redacted recording replays, and nothing is in it that was typed, named or secret", () => {
  const original = recordedPlan().end();
  const { lines, recording } = redacted(original);
  assertEquals(recording.header.redacted, true);
  const before = textsIn(original), after = textsIn(recording) + lines.join("\n");
  for (
    const word of ["Secret", "secret", "Plan", "Meet", "noon", "café", "会う", "😀", "Wait", "dusk", "again"]
  ) {
    assert(before.includes(word), word);
    assert(!after.includes(word), word);
  }
  for (const word of ["Lovelace", "Cleo", "plans", "archive", "somebody", "epoch 1", "/secret"]) {
    assert(!after.includes(word), word);
  }
  assertEquals(recording.lines.length, original.lines.length);
});

Deno.test("tasks and conditions are redacted too, and do what they did", () => {
  const session = new RecordedSession();
  session.join(1, "Ada Lovelace");
  session.join(2, "Cleo");
  const create = { kind: "create", node: "1:1", parent: "0:0", name: "Secret.txt", type: "text" } as const;
  session.submit(1, 1, 1, { steps: [create], edits: [] });
  const submit = (connection: number, seq: number, conditions: readonly Condition[]) =>
    session.say(connection, {
      ...{ kind: "operation", seq, base: 1 + seq, change: { steps: [], edits: [] } },
      ...{ task: "the Secret Rework", conditions },
    });
  submit(2, 1, [{ kind: "stands", path: "Secret.txt", node: "1:1" }, {
    kind: "stands",
    path: "Plan",
    node: undefined,
  }]);
  submit(2, 2, [{ kind: "stands", path: "Secret.txt", node: undefined }]);
  const original = session.end(), { lines, recording } = redacted(original);
  const view = new RecordingView(recording);
  view.jump(Infinity);
  assertEquals(view.replayer.difference, undefined);
  assert(textsIn(original).includes("the Secret Rework"));
  for (const word of ["Secret", "Rework", "Plan"]) {
    assert(!(textsIn(recording) + lines.join("")).includes(word), word);
  }
  assertEquals(textsIn(recording).includes("precondition_failed"), true);
  assertEquals(view.log.revision(view.log.workspaces[0]!), session.entries().length);
});

Deno.test("a redacted file has the same lengths, lines and kinds of characters at the same places", () => {
  const files = (recording: Recording) => {
    const view = new RecordingView(recording);
    view.jump(Infinity);
    const { workspace } = view.log.state(view.log.workspaces[0]!);
    return new Map(
      [...workspace.nodes()].map(({ id, name }) => [id, { name, text: workspace.text(id).toString() }]),
    );
  };
  const before = files(recordedPlan().end()), after = files(redacted(recordedPlan().end()).recording);
  const shape = (text: string) =>
    text.replace(/\p{Lu}/gu, "A").replace(/\p{Ll}/gu, "a").replace(/\p{Nd}/gu, "0").replace(/\p{P}/gu, ".");
  const plain = (text: string) => shape(text.replace(/[^ -~\r\n]/gu, ""));
  assertEquals([...after.keys()].sort(), [...before.keys()].sort());
  for (const [id, { name, text }] of before) {
    const other = after.get(id)!;
    for (const [a, b] of [[name, other.name], [text, other.text]] as const) {
      assertEquals([b.length, utf8(b), plain(b)], [a.length, utf8(a), plain(a)]);
    }
  }
  const name = (id: string) => after.get(id)!.name;
  // What was numbered still is, and what differed only in case still does.
  assertEquals(name("2:1"), name("1:1").replace(".txt", " (2).txt"));
  assert(name("2:2") !== name("1:1") && name("2:2") === name("1:1").toLowerCase());
});

Deno.test("turned() is one to one and keeps every length", () => {
  for (const kind of ["text", "name"] as const) {
    for (const by of [1, 123_456_789]) {
      const taken = new Uint8Array(0x110000);
      for (let point = 0; point <= 0x10ffff; point++) {
        if ((point & 0x1ff800) === 0xd800) continue;
        const other = turned(point, by, kind);
        if (taken[other] !== 0) {
          throw new Error(`${other.toString(16)} stands for two, ${point.toString(16)} among them`);
        }
        taken[other] = 1;
        const length = (point: number) => point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        if (length(other) !== length(point)) {
          throw new Error(`${point.toString(16)} becomes longer or shorter`);
        }
      }
    }
  }
});

/** Names with all that has a meaning for the tree, or for normal form C. */
const name = fc.array(
  fc.constantFrom(
    ..."abcXYZ019 .()-_éÄяЖ会う한가\u1161\u11a8\u0301\u0327e\u212b😀🤦\u200d/\u0007".split(""),
    " (2)",
    " (9)",
    ".txt",
  ),
  { minLength: 0, maxLength: 9 },
).map((parts) => parts.join("").toWellFormed());

Deno.test("nodeName() keeps whether a name is allowed, and what it becomes when it is taken", () => {
  fc.assert(
    fc.property(name, fc.boolean(), (name, isDirectory) => {
      const cipher = new Cipher(words()), other = cipher.nodeName(name);
      assertEquals(other, cipher.nodeName(name));
      assertEquals([other.length, utf8(other)], [name.length, utf8(name)]);
      assertEquals(isComposed(other), isComposed(name));
      assertEquals(nameFault(other) === undefined, nameFault(name) === undefined);
      if (nameFault(name) !== undefined) return;
      const numbers = numberedNames(name, isDirectory), others = numberedNames(other, isDirectory);
      for (let i = 0; i < 3; i++) assertEquals(cipher.nodeName(numbers.next().value!), others.next().value!);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("nodeName() gives two names two names, and names that differ in case such names", () => {
  const fold = (text: string) =>
    Array.from(text, (char) => String.fromCodePoint(folded(char.codePointAt(0)!))).join("");
  fc.assert(
    fc.property(fc.array(name, { minLength: 2, maxLength: 20 }), (names) => {
      const cipher = new Cipher(words());
      for (const a of names) {
        const lower = fold(a);
        assertEquals(fold(cipher.nodeName(a)), fold(cipher.nodeName(lower)));
        for (const b of names) assertEquals(cipher.nodeName(a) === cipher.nodeName(b), a === b);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("a change that was sent twice is known as the same after redaction, over a crash too", () => {
  const session = new RecordedSession();
  session.join(1, "Ada");
  const steps = [{ kind: "create", node: "1:1", parent: "0:0", name: "a.txt", type: "text" }] as const;
  const edits = [{ node: "1:1", op: [{ at: 0, remove: 0, insert: "once and no more" }] }];
  session.submit(1, 1, 1, { steps, edits });
  const key = "key 1 of somebody", resume = { session: key, epoch: "epoch 1", revision: 1 };
  session.close(1);
  session.join(2, "Ada", resume);
  session.submit(2, 1, 1, { steps, edits });
  session.begin();
  session.join(3, "Ada", resume);
  session.submit(3, 1, 1, { steps, edits });
  assertEquals(session.entries().length, 2);
  const acknowledged = (recording: Recording) => {
    const view = new RecordingView(recording), revisions: number[] = [];
    for (let moment = view.next(); moment !== undefined; moment = view.next()) {
      for (const { message } of moment.said) {
        assert(message.kind !== "refuse");
        if (message.kind === "acknowledge") revisions.push(message.revision);
      }
    }
    return revisions;
  };
  const recording = replaysRedacted(session);
  assertEquals(acknowledged(recording), acknowledged(readRecording(session.lines)));
  assertEquals(new Set(acknowledged(recording)), new Set([2]));
});

Deno.test("a message in parts and in pieces is redacted as one", () => {
  const session = new RecordedSession();
  session.join(1, "Ada");
  const steps = [{ kind: "create", node: "1:1", parent: "0:0", name: "long.txt", type: "text" }] as const;
  const insert = "a long story 会う ".repeat(40);
  const edits = [{ node: "1:1", op: [{ at: 0, remove: 0, insert }] }];
  const bytes = encodeClientMessage({ kind: "operation", seq: 1, base: 1, change: { steps, edits } }, 50);
  session.receive(1, bytes, 17);
  assertEquals(session.entries().length, 2);
  const recording = replaysRedacted(session);
  assert(!textsIn(recording).includes("story"));
});

Deno.test("what nobody reads is blanked: unknown fields and types, what comes too late or never ends", () => {
  const bytesOf = (...pieces: (string | number)[]) =>
    Uint8Array.from(
      pieces.flatMap((piece) => typeof piece === "number" ? [piece] : [...new TextEncoder().encode(piece)]),
    );
  const session = new RecordedSession();
  session.join(1, "Ada");
  // A field 15 of a presence; then a frame that is cut off.
  session.receive(1, bytesOf(0, 0, 0, 9, 10, 0x7a, 6, "hidden"));
  session.receive(1, bytesOf(0, 0, 1, 0, 1, 0x1a, 8, "unended"));
  session.join(2, "Bob");
  // No message: a field that is longer than its frame.
  session.receive(2, bytesOf(0, 0, 0, 9, 1, 0x1a, 99, "broken"));
  session.receive(2, bytesOf("too late"));
  session.join(3, "Cleo");
  session.receive(3, bytesOf(0, 0, 0, 8, 99, "unknown"));
  const { lines } = redacted(session.end());
  const all = lines.map((line) => {
    const { in: input } = JSON.parse(line);
    return input?.bytes === undefined ? "" : atob(input.bytes);
  }).join("\n");
  for (const word of ["hidden", "unended", "broken", "too late", "unknown"]) {
    assert(!all.includes(word), word);
  }
});

Deno.test("a simulation is redacted with its clients, who compose, compare and lose their connections", () => {
  for (const profile of ["swarm", "hostile"] as const) {
    const origin = { kind: "simulation", software: { version: "0.1.0" }, engine: {} } as const;
    const { lines } = recordedSimulation(scenarioFrom("000000000000000b", profile), origin);
    const original = readRecording(lines), { recording } = redacted(original);
    assertEquals(recording.header.scenario, undefined);
    assertEquals(recordsIn(recording.lines), recordsIn(original.lines));
    const view = new RecordingView(recording);
    view.jump(Infinity);
    assertEquals(view.replayer.difference, undefined);
  }
});

Deno.test("a recording in which somebody signs replays bit for bit, and is not redacted", () => {
  const session = new RecordedSession(), signer = new Signer("07".repeat(32));
  session.join(1, "Ada", { key: signer.key });
  const place = { workspace: "plans", session: "key 1 of somebody", site: 1 };
  const sign = (bytes: Uint8Array) => signer.sign(signedMessage(signingHead(place), bytes));
  const change = {
    steps: [{ kind: "create", node: "1:1", parent: "0:0", name: "a", type: "text" }],
    edits: [],
  } as const;
  session.receive(1, encodeSigned({ kind: "operation", seq: 1, base: 1, change }, sign));
  session.receive(
    1,
    encodeSigned({ kind: "operation", seq: 2, base: 2, change }, () => sign(new Uint8Array())),
  );
  const recording = session.end();
  assertEquals(session.entries().filter(({ signed }) => signed !== undefined).length, 1);
  const view = new RecordingView(recording);
  view.jump(Infinity);
  assertEquals(view.replayer.difference, undefined);
  assertThrows(() => redacted(recording), RedactionError, "signs");
});

Deno.test("a recording in which somebody looked after the server is redacted, names, addresses and all", () => {
  const session = recordedPlan();
  session.join(7, "Mallory Lovelace");
  session.connect(8, "10.20.30.40:5678");
  session.say(8, { kind: "admin_hello", version: 1 });
  const questions: readonly AdminQuestion[] = [
    { kind: "workspaces" },
    { kind: "clients", workspace: "plans" },
    { kind: "limits", settings: [{ name: "changes_per_second.agent", value: 5 }] },
    { kind: "tail", workspace: "plans", from: 2 },
    { kind: "kick", workspace: "", site: 0, name: "Mallory Lovelace", connection: 0, holdMs: 60_000 },
  ];
  questions.forEach((question, id) => session.say(8, { kind: "admin_ask", id, question }));
  session.join(9, "Mallory Lovelace");
  const { lines, recording } = redacted(session.end());
  const after = textsIn(recording) + lines.join("\n");
  for (const word of ["Mallory", "Lovelace", "plans", "10.20.30.40"]) assert(!after.includes(word), word);
  const view = new RecordingView(recording), codes: string[] = [];
  for (let moment = view.next(); moment !== undefined; moment = view.next()) {
    for (const { message } of moment.said) {
      if (message.kind === "close") codes.push(message.code);
      if (message.kind === "admin_answer") assertEquals(message.code, "");
    }
  }
  assertEquals(codes.slice(-2), ["kicked", "kept_out"]);
});

Deno.test("a recording of somebody who looks after some workspaces alone is not redacted", () => {
  const session = new RecordedSession({ settings: { ...header.settings, authentication: true } });
  session.connect(1);
  session.say(1, { kind: "admin_hello", version: 1, token: "*" });
  session.take({
    kind: "authenticated",
    connection: 1,
    grant: {
      tokens: ["t"],
      participant: { name: "Root", kind: "human" },
      expiresMs: 0,
      capabilities: [["admin", "edit:**", "tree:**"]],
      workspaces: [["plans"]],
    },
    nowUs: startedUs + 1_000_000,
  });
  assertThrows(() => redacted(session.end()), RedactionError, "some workspaces and not all");
});

Deno.test("only a recording that replays is redacted", () => {
  const plan = recordedPlan();
  plan.end();
  const at = plan.lines.findIndex((line) => line.includes('"appended"'));
  const changed = plan.lines.map((line, i) => i === at ? line.replace(/"out":"./, '"out":"z') : line);
  assertThrows(() => redacted(readRecording(changed)), RedactionError, "does not replay");
});

/**
 * What-if: a fault that was not, put into a recording.
 *
 * @module
 */

import type { RecordLine } from "../../sim/recording.ts";
import { type Fault, fork, ForkError } from "../../sim/recording_fork.ts";
import type { Recording } from "../../sim/recording_reader.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { RecordedSession } from "./recorded_session.ts";

/** Ada makes a file and writes into it twice; Bob, who came in between, writes once. */
function session(): Recording {
  const session = new RecordedSession();
  session.join(1, "Ada");
  session.submit(1, 1, 1, {
    steps: [{ kind: "create", node: "1:1", parent: "0:0", name: "a.txt", type: "text" }],
  });
  session.join(2, "Bob");
  const insert = (connection: number, seq: number, base: number, text: string) =>
    session.submit(connection, seq, base, {
      edits: [{ node: "1:1", op: [{ at: 0, remove: 0, insert: text }] }],
    });
  insert(1, 2, 2, "one ");
  insert(2, 1, 2, "two ");
  insert(1, 3, 3, "three ");
  return session.end();
}

/** The record of the `index`th input of a kind. */
function recordOf(recording: Recording, kind: string, index: number): RecordLine {
  const records = recording.lines.filter((line): line is RecordLine =>
    "n" in line && line.input.kind === kind
  );
  return records[index]!;
}

function outcome(recording: Recording, fault: Fault) {
  const { recorded, forked, firstDifference } = fork(recording, fault);
  const text = ({ log }: typeof forked) => log.state("plans").workspace.text("1:1").toString();
  assertEquals([recorded.log.revision("plans"), text(recorded)], [5, "three one two "]);
  const refused = forked.said.flatMap(({ message }) => message.kind === "refuse" ? [message.code] : []);
  return { revision: forked.log.revision("plans"), text: text(forked), refused, firstDifference };
}

Deno.test("a connection that is cut says no more, and the others go on", () => {
  const recording = session();
  const at = recordOf(recording, "appended", 2).n;
  const { revision, text, refused, firstDifference } = outcome(recording, { kind: "cut", connection: 2, at });
  assertEquals([text, refused], ["three one ", []]);
  assertEquals(revision, 4);
  assert(firstDifference !== undefined && firstDifference.n > at);
});

Deno.test("an append that fails is tried again, and nothing is lost by it", () => {
  const recording = session();
  const { n: at } = recordOf(recording, "appended", 4);
  const { revision, text } = outcome(recording, { kind: "fail", at });
  assertEquals([revision, text], [5, "three one two "]);
  const early = recordOf(recording, "appended", 2);
  const { firstDifference } = outcome(recording, { kind: "fail", at: early.n });
  assert(firstDifference !== undefined && firstDifference.n > early.n);
});

Deno.test("a server that crashes keeps what its log holds, and those it had are gone", () => {
  const recording = session();
  const at = recordOf(recording, "appended", 2).n;
  const { revision, text } = outcome(recording, { kind: "crash", at });
  assertEquals([revision, text], [3, "one "]);
});

Deno.test("a fault has to have its place", () => {
  const recording = session();
  const due = recordOf(recording, "due", 0).n;
  assertThrows(() => fork(recording, { kind: "fail", at: due }), ForkError, "no answer to an append");
  assertThrows(() => fork(recording, { kind: "cut", connection: 9, at: due }), ForkError, "not open");
  assertThrows(() => fork(recording, { kind: "crash", at: 1_000_000 }), ForkError, "no record");
});

/**
 * Recordings: what is written is read again, and replays; what is damaged says so at the place.
 *
 * @module
 */

import fc from "fast-check";
import { ClientCore, type ClientInput } from "../../client/core/mod.ts";
import { editOf, replace } from "../../ot/mod.ts";
import { defaultSettings, ServerCore, State } from "../../server/core/mod.ts";
import { fromBase64 } from "../../sim/base64.ts";
import { RecordingError, type RecordLine } from "../../sim/recording.ts";
import { RecordingDigest } from "../../sim/recording_digest.ts";
import { readRecording, type Recording } from "../../sim/recording_reader.ts";
import { recordsIn, Replayer } from "../../sim/recording_replayer.ts";
import { RecordingView } from "../../sim/recording_view.ts";
import { Recorder } from "../../sim/recording_writer.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { header, recordedPlan, RecordedSession, startedUs } from "./recorded_session.ts";

/** Replays to the end, or the first difference. */
function replayed(recording: Recording): Replayer {
  const replayer = new Replayer(recording);
  while (replayer.difference === undefined && replayer.next() !== undefined);
  return replayer;
}

function isIdentical(recording: Recording): void {
  const replayer = replayed(recording);
  assertEquals(replayer.difference, undefined);
  assertEquals(replayer.position, recordsIn(recording.lines));
}

function errorOf(lines: Iterable<string>): string {
  const error = assertThrows(() => readRecording(lines), RecordingError);
  return `${error.code}: ${error.message}`;
}

Deno.test("fromBase64() gives the bytes of what RFC 4648 says, and of nothing else", () => {
  const encoder = new TextEncoder();
  const vectors = [["", ""], ["f", "Zg=="], ["fo", "Zm8="], ["foo", "Zm9v"], ["foob", "Zm9vYg=="], [
    "foobar",
    "Zm9vYmFy",
  ]];
  for (const [text, base64] of vectors) assertEquals(fromBase64(base64!), encoder.encode(text));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assertEquals(fromBase64(bytes.toBase64()), bytes);
  }));
  for (const text of ["Z", "Zg=", "Zg", "Z===", "Zm8*", "Zm9vé===", "Zm9v Zm9v", "Zm9v\n", "Zh=="]) {
    assertEquals(fromBase64(text), undefined);
  }
});

Deno.test("a recording replays with every output and every state, through a crash of the server", () => {
  const recording = recordedPlan({}, { stateEvery: 7 }).end();
  assertEquals(recording.tail.kind, "complete");
  assertEquals(recording.header, header);
  assert(recording.lines.filter((line) => "state" in line).length > 5);
  assertEquals(recording.lines.filter((line) => "node" in line).length, 2);
  isIdentical(recording);
});

Deno.test("a session recorded twice gives the same lines", () => {
  assertEquals(recordedPlan().lines, recordedPlan().lines);
});

Deno.test("clients are recorded beside their server, and replay", () => {
  const lines: string[] = [];
  const recorder = new Recorder(header, (line) => lines.push(line), { stateEvery: 3 });
  const options = { workspace: "plans", participant: { name: "Ada", kind: "human" as const }, seed: 1 };
  const client = new ClientCore(options), server = new ServerCore(defaultSettings);
  recorder.node("server", "server", defaultSettings, server);
  recorder.node("client a", "client", options, client);
  let nowUs = startedUs;
  const toClient = (input: ClientInput) => {
    const outputs = client.step(input);
    recorder.record("client a", input, outputs);
    for (const output of outputs) {
      if (output.kind !== "send") continue;
      toServer({ kind: "received", connection: 1, bytes: output.bytes, nowUs: ++nowUs });
      toClient({ kind: "drained", nowUs: ++nowUs });
    }
  };
  const toServer = (input: Parameters<ServerCore["step"]>[0]) => {
    const outputs = server.step(input);
    recorder.record("server", input, outputs);
    for (const output of outputs) {
      if (output.kind === "load") {
        toServer({
          kind: "loaded",
          workspace: "plans",
          epoch: "1",
          checkpoint: null,
          entries: [],
          nowUs: ++nowUs,
        });
      } else if (output.kind === "append") toServer({ kind: "appended", workspace: "plans", nowUs: ++nowUs });
      else if (output.kind === "wake" && output.atUs <= nowUs) toServer({ kind: "due", nowUs: ++nowUs });
      else if (output.kind === "send") {
        toClient({ kind: "received", bytes: output.bytes, nowUs: ++nowUs });
        toServer({ kind: "drained", connection: 1, nowUs: ++nowUs });
      }
    }
  };
  toServer({ kind: "connected", connection: 1, key: "key", nowUs });
  // A client's clock may be behind: times before the start are times, too.
  toClient({ kind: "start", nowUs: startedUs - 5_000_000 });
  toClient({ kind: "opened", nowUs: ++nowUs });
  const node = client.nextId(0);
  const create = { kind: "create", node, parent: "0:0", name: "a.txt", type: "text" } as const;
  toClient({ kind: "change", change: { steps: [create], edits: [] }, atomic: true, nowUs: ++nowUs });
  toClient({ kind: "change", change: editOf(node, replace(0, 0, "hi")), atomic: false, nowUs: ++nowUs });
  toClient({ kind: "select", node, ranges: [{ anchor: 0, head: 1 }], nowUs: ++nowUs });
  toClient({ kind: "undo", nowUs: ++nowUs });
  recorder.end("passed");

  const recording = readRecording(lines);
  isIdentical(recording);
  const view = new RecordingView(recording);
  view.jump(Infinity);
  const seen = view.replayer.cores.get("client a");
  assert(seen?.kind === "client");
  assertEquals(seen.core.view.files().map(({ path }) => path), ["a.txt"]);
});

Deno.test("bytes of an input may be used again once it has been recorded", () => {
  const session = new RecordedSession();
  session.join(1, "Ada");
  const bytes = Uint8Array.of(0, 0, 0, 1, 99);
  const line = () => session.lines.findLast((line) => line.includes('"received"'));
  session.take({ kind: "received", connection: 1, bytes, nowUs: startedUs + 1_000_000 });
  const before = line();
  bytes.fill(7);
  assertEquals(line(), before);
  isIdentical(session.end());
});

Deno.test("a core that fails is recorded with the input it fails at, and fails there again", () => {
  const session = new RecordedSession();
  session.join(1, "Ada");
  const input = { kind: "appended", workspace: "nobody opened this", nowUs: startedUs + 1_000_000 } as const;
  const error = assertThrows(() => new ServerCore(defaultSettings).step(input), Error);
  session.recorder.threw("server", input, error.message);
  const recording = session.end();
  isIdentical(recording);
  const last = recording.lines.findLast((line) => "n" in line);
  assertEquals((last as RecordLine).threw, error.message);

  const repaired = session.lines.map((line) =>
    line.replace(/\{"kind":"appended","workspace":"nobody[^}]*\}/, '{"kind":"due"}')
  );
  const { difference } = replayed(readRecording(repaired));
  assert(difference?.kind === "outputs");
});

Deno.test("a recording that is cut anywhere is torn, says so, and what is there replays", () => {
  const session = recordedPlan({}, { stateEvery: 20 });
  session.end();
  const whole = session.lines.join("\n") + "\n";
  const first = session.lines[0]!.length + 1;
  let replays = 0;
  for (let length = first; length < whole.length; length += length < whole.length - 1297 ? 997 : 1) {
    const lines = whole.slice(0, length).split("\n");
    const recording = readRecording(lines);
    // Without its last line end the last line is whole.
    if (length === whole.length - 1) assertEquals(recording.tail.kind, "complete");
    else {
      assert(recording.tail.kind === "torn", `${length} characters`);
      const half = whole[length - 1] !== "\n" && whole[length] !== "\n";
      assertEquals(recording.tail.line, half ? lines.length : undefined);
    }
    if (length % 17 !== 0) continue;
    isIdentical(recording);
    replays++;
  }
  assert(replays > 10);
});

Deno.test("a damaged line in the middle is an error that names it", () => {
  const { lines } = recordedPlan();
  const damaged = (index: number, line: string) => lines.map((other, i) => i === index ? line : other);
  assertEquals(errorOf(damaged(9, lines[9]!.slice(0, 30))), "malformed_recording: Line 10: it is not JSON");
  assertEquals(errorOf(damaged(9, "[]")), "malformed_recording: Line 10: it is no object");
  assertMatch(errorOf(damaged(9, '{"n":8}')), /^malformed_recording: Line 10: /);
  assertMatch(errorOf(damaged(9, '{"what":8}')), /^malformed_recording: Line 10: /);
  assertMatch(
    errorOf(lines.filter((_, i) => i !== 9)),
    /^malformed_recording: Line 10: it is record 9 where/,
  );
  assertMatch(
    errorOf(damaged(9, lines[9]!.replace('"server"', '"other"'))),
    /Line 10: no node "other" has begun/,
  );
  assertMatch(errorOf([]), /^malformed_recording: Line 1: /);
  assertMatch(errorOf(["hello"]), /^malformed_recording: Line 1: /);
  assertMatch(errorOf(['{"node":"server"}']), /^malformed_recording: Line 1: /);
  const whole = recordedPlan();
  whole.end();
  assertMatch(errorOf([...whole.lines, lines[3]!]), /there is something behind the end/);
  const short = whole.lines.map((line) => line.replace(/"records":\d+/, '"records":7'));
  assertMatch(errorOf(short), /it says that there are 7 records/);
});

Deno.test("a recording of another version, or with a feature that is not known, is refused by name", () => {
  const { lines } = recordedPlan();
  const other = lines[0]!.replace('"recording":1', '"recording":2');
  assertMatch(errorOf([other]), /^unsupported_recording: .*version 2/);
  const featured = lines[0]!.replace('"features":[]', '"features":["quantum"]');
  assertMatch(errorOf([featured]), /^unsupported_recording: .*"quantum"/);
});

Deno.test("the first difference is found at its record, and shown with what comes of it here", () => {
  const { lines } = recordedPlan();
  const at = lines.findIndex((line) => line.includes('"appended"'));
  const { n, out } = JSON.parse(lines[at]!);
  const changed = lines.map((line, i) => i === at ? line.replace(out, "0123456789abcdef") : line);
  const { difference, position } = replayed(readRecording(changed));
  assert(difference?.kind === "outputs");
  assertEquals([difference.record.n, position], [n, n]);
  assertEquals([difference.expected, difference.actual], ["0123456789abcdef", out]);
  assert(difference.outputs.length > 0 && difference.threw === undefined);
});

Deno.test("an input that was changed so that nothing else comes of it is found at the next state", () => {
  const { lines } = recordedPlan({}, { stateEvery: 10 });
  const at = lines.findIndex((line) => line.includes('"drained"') && !line.includes('"out"'));
  const changed = lines.map((line, i) => i === at ? line.replace(/"at":(\d+)/, '"at":$10') : line);
  const { difference } = replayed(readRecording(changed));
  assertEquals(difference?.kind, "recording");
});

Deno.test("a state that is another is found although all outputs are the same", () => {
  const { lines } = recordedPlan({}, { stateEvery: 10 });
  const at = lines.findIndex((line) => line.startsWith('{"state":20'));
  const changed = lines.map((line, i) =>
    i === at ? line.replace(/"server":"[^"]*"/, '"server":"0123456789abcdef"') : line
  );
  const { difference } = replayed(readRecording(changed));
  assert(difference?.kind === "state");
  assertEquals([difference.after, difference.node, difference.expected], [20, "server", "0123456789abcdef"]);
});

Deno.test("outputs() hashes bytes by what they are, whether or not connections share them", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const outputs = (...all: Uint8Array[]) =>
    new RecordingDigest().outputs(all.map((bytes, i) => ({ kind: "send", connection: i, bytes })));
  assertEquals(outputs(bytes, bytes, bytes), outputs(bytes, bytes.slice(), bytes.slice()));
  assert(outputs(bytes, bytes) !== outputs(bytes, Uint8Array.of(1, 2, 4)));
  assert(outputs(bytes) !== outputs(bytes, bytes));
  assertEquals(new RecordingDigest().outputs([]), "");
});

Deno.test("with the feature outputs every record holds them", () => {
  const recording = recordedPlan({ features: ["outputs"] }).end();
  isIdentical(recording);
  for (const line of recording.lines) {
    if ("n" in line) assertEquals(line.out === "", line.outputs === undefined);
  }
});

Deno.test("a view knows the workspace at every revision, and who is there", () => {
  const session = recordedPlan();
  const view = new RecordingView(session.end());
  const all: unknown[] = [];
  while (view.next() !== undefined) all.push([view.position, view.log.revision("plans")]);
  const head = session.entries().length;
  assertEquals(view.log.revision("plans"), head);
  let state = State.empty;
  for (const entry of session.entries()) {
    state = state.apply(entry);
    assert(view.jumpToRevision("plans", entry.revision));
    assertEquals(view.log.revision("plans"), entry.revision);
    const { workspace } = view.log.state("plans", entry.revision);
    assertEquals(workspace.files(), state.workspace.files());
    for (const { id } of workspace.files()) {
      assertEquals(workspace.text(id).toString(), state.workspace.text(id).toString());
    }
  }
  assertEquals(view.jumpToRevision("plans", head + 1), false);
  for (const [n, revision] of all.toReversed() as [number, number][]) {
    view.jump(n);
    assertEquals([view.position, view.log.revision("plans")], [n, revision]);
  }
  view.jumpToTime(0);
  assertEquals([view.position, view.last], [0, undefined]);
  view.jump(Infinity);
  const peers = view.traffic.peers.map(({ connection, participant, site, isOpen, revision }) => [
    connection,
    participant?.name,
    site,
    isOpen,
    revision,
  ]);
  assertEquals(peers, [
    [1, "Ada Lovelace", 1, false, 6],
    [2, "Bob", 2, false, 6],
    [3, undefined, undefined, false, 0],
    [4, "Cleo", 65, true, 8],
  ]);
});

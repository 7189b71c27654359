/**
 * What a file holds that is to be replayed: this is the one place that tells formats apart.
 *
 * Gzip is known by its first two bytes, whatever the name says. What it packs, or the file itself, is a recording,
 * which says so in its first line, or else JSON in one of the two formats of editing traces.
 *
 * @module
 */

import { constants, gunzipSync } from "node:zlib";
import { isRecording, readRecording, type Recording } from "../sim/recording_reader.ts";
import { parseTrace, type Trace, TraceError } from "../sim/trace.ts";

/** Something to replay, by its format. */
export type Replayable =
  | { readonly format: "trace"; readonly trace: Trace }
  | { readonly format: "recording"; readonly recording: Recording };

/**
 * Reads a file.
 *
 * @throws {TraceError} if it is no trace that can be replayed, with the place.
 * @throws {RecordingError} if it is no recording that can be, with the line.
 * @throws {Deno.errors.NotFound} and other errors of reading.
 */
export async function readReplayable(path: string): Promise<Replayable> {
  const bytes = await Deno.readFile(path);
  const plain = isGzip(bytes) ? unpackedInPart(bytes) : bytes;
  if (isRecording(new TextDecoder().decode(plain.subarray(0, 100)))) {
    return { format: "recording", recording: readRecording(linesIn(plain)) };
  }
  return { format: "trace", trace: await traceIn(bytes) };
}

/**
 * Reads a file that is an editing trace.
 *
 * @throws {TraceError} and errors of reading, as above.
 */
export async function readTrace(path: string): Promise<Trace> {
  return await traceIn(await Deno.readFile(path));
}

async function traceIn(bytes: Uint8Array<ArrayBuffer>): Promise<Trace> {
  return parseTrace(textOf(isGzip(bytes) ? await unpacked(bytes) : bytes));
}

/** Lines one by one: a long recording does not fit a string. */
function* linesIn(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from), to = end < 0 ? bytes.length : end;
    yield decoder.decode(bytes.subarray(from, to));
    from = to + 1;
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What is to be had of a recording that was packed in pieces, the last of which may be torn. */
function unpackedInPart(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Damaged: what reads traces says where.
    return new Uint8Array(0);
  }
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    const problem = error instanceof Error ? error.message : error;
    throw new TraceError("malformed_trace", `the file is damaged gzip: ${problem}`);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TraceError(
      "malformed_trace",
      `the file is not UTF-8: byte ${firstIllFormed(bytes)} is ill-formed`,
    );
  }
}

/** The position of the first byte that does not go on with what is well-formed before it. */
function firstIllFormed(bytes: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  // What a lenient decoder makes of it differs from the file where it is ill-formed first.
  const lenient = encoder.encode(text.decode(bytes));
  let at = 0;
  while (at < bytes.length && bytes[at] === lenient[at]) at++;
  return at;
}

/**
 * What a file holds that is to be replayed: this is the one place that tells formats apart.
 *
 * Gzip is known by its first two bytes, whatever the name says. What it packs, or the file itself, is JSON in
 * one of the two formats of editing traces.
 *
 * @module
 */

import { parseTrace, type Trace, TraceError } from "../sim/trace.ts";

/** Something to replay, by its format. */
export type Recording = { readonly format: "trace"; readonly trace: Trace };

/**
 * Reads a file.
 *
 * @throws {TraceError} if it is not what can be replayed, with the place.
 * @throws {Deno.errors.NotFound} and other errors of reading.
 */
export async function readRecording(path: string): Promise<Recording> {
  const bytes = await Deno.readFile(path);
  return { format: "trace", trace: parseTrace(textOf(isGzip(bytes) ? await unpacked(bytes) : bytes)) };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
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

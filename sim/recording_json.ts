/**
 * Inputs and outputs as JSON: plain data as it is, bytes as Base64, maps as lists of pairs, states as their revisions.
 *
 * @module
 */

import { State } from "../server/core/mod.ts";
import { fromBase64 } from "./base64.ts";
import type { AnyInput, AnyOutput } from "./recording.ts";

/** An input without its time, which stands elsewhere in its line. */
export function inputToJson(input: AnyInput): string {
  // Nearly all inputs of a busy server are of these two kinds.
  switch (input.kind) {
    case "received":
      return "connection" in input
        ? `{"kind":"received","connection":${input.connection},"bytes":"${input.bytes.toBase64()}"}`
        : `{"kind":"received","bytes":"${input.bytes.toBase64()}"}`;
    case "drained":
      return "connection" in input
        ? `{"kind":"drained","connection":${input.connection}}`
        : `{"kind":"drained"}`;
  }
  const { nowUs: _, ...rest } = input;
  return JSON.stringify("bytes" in rest ? { ...rest, bytes: rest.bytes.toBase64() } : rest);
}

/** The input that stands in a line; undefined if none does. What else is in it is taken on trust. */
export function inputOf(json: unknown, nowUs: number): AnyInput | undefined {
  if (typeof json !== "object" || json === null || !("kind" in json)) return undefined;
  if (!("bytes" in json)) return json.kind === "received" ? undefined : { ...json, nowUs } as AnyInput;
  const bytes = typeof json.bytes === "string" ? fromBase64(json.bytes) : undefined;
  return bytes && { ...json, bytes, nowUs } as AnyInput;
}

export function outputsToJson(outputs: readonly AnyOutput[]): string {
  // Some engines' bytes have a JSON form of their own: what counts is what stands there before that.
  return JSON.stringify(outputs, function (this: Readonly<Record<string, unknown>>, key, value) {
    const original = this[key];
    if (original instanceof Uint8Array) return original.toBase64();
    // A state follows from the entries: its revision says which it is.
    if (original instanceof State) return original.revision;
    return original instanceof Map ? [...original] : value;
  });
}

/** Outputs as they stand in a line, for people to compare: bytes stay Base64. */
export function plainOutputs(outputs: readonly AnyOutput[]): unknown {
  return JSON.parse(outputsToJson(outputs));
}

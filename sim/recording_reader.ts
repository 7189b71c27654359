/**
 * Reads a recording.
 *
 * A recording whose process was killed ends in the middle: without its last line, and perhaps with half of another.
 * That is said, and what is there is good. A damaged line with others behind it is an error that names the line.
 *
 * @module
 */

import {
  type EndLine,
  features,
  type Header,
  type Line,
  type NodeName,
  RecordingError,
  recordingVersion,
} from "./recording.ts";
import { inputOf } from "./recording_json.ts";

/** How a recording ends. */
export type Tail =
  | { readonly kind: "complete"; readonly end: EndLine }
  /** There is no last line; `line` is the number of one that is there in part. */
  | { readonly kind: "torn"; readonly line: number | undefined; readonly problem: string };

export interface Recording {
  readonly header: Header;
  readonly lines: readonly Line[];
  readonly tail: Tail;
}

/**
 * Reads a recording from its lines.
 *
 * @throws {RecordingError} with the number of the line.
 */
export function readRecording(texts: Iterable<string>): Recording {
  let header: Header | undefined;
  const lines: Line[] = [], nodes = new Set<NodeName>();
  let end: EndLine | undefined;
  let bad: { readonly line: number; readonly problem: string } | undefined;
  let number = 0, records = 0;
  for (const text of texts) {
    number++;
    if (text === "") continue;
    if (bad !== undefined) throw malformed(bad.line, bad.problem);
    if (end !== undefined) throw malformed(number, "there is something behind the end");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      if (header === undefined) throw malformed(number, "it is not JSON");
      bad = { line: number, problem: "it is not JSON" };
      continue;
    }
    if (header === undefined) {
      header = headerOf(value, number);
      continue;
    }
    const line = lineOf(value, header);
    if (typeof line === "string") bad = { line: number, problem: line };
    else if ("end" in line) end = line;
    else {
      if ("n" in line && line.n !== ++records) {
        throw malformed(number, `it is record ${line.n} where record ${records} belongs`);
      }
      if ("n" in line && !nodes.has(line.on)) throw malformed(number, `no node "${line.on}" has begun`);
      if ("node" in line) nodes.add(line.node);
      if ("state" in line && line.state !== records) {
        throw malformed(number, `it is the state after record ${line.state}, behind record ${records}`);
      }
      lines.push(line);
    }
  }
  if (header === undefined) throw malformed(1, "the file is empty");
  if (end !== undefined && end.records !== records) {
    throw malformed(number, `it says that there are ${end.records} records, and there are ${records}`);
  }
  return { header, lines, tail: tailOf(end, bad) };
}

function tailOf(end: EndLine | undefined, bad: { line: number; problem: string } | undefined): Tail {
  if (end !== undefined && bad === undefined) return { kind: "complete", end };
  return {
    kind: "torn",
    line: bad?.line,
    problem: bad === undefined ? "the end is missing" : `line ${bad.line} is there in part: ${bad.problem}`,
  };
}

/** Whether a file that begins with this text is a recording, whatever its version. */
export function isRecording(text: string): boolean {
  return /^\{"recording":\d/.test(text);
}

function headerOf(value: unknown, number: number): Header {
  if (!isObject(value) || !("recording" in value)) throw malformed(number, "it is no header of a recording");
  if (value.recording !== recordingVersion) {
    throw new RecordingError(
      "unsupported_recording",
      `It is of version ${value.recording} of the format; version ${recordingVersion} is read here`,
    );
  }
  const { recording: _, ...rest } = value;
  const header = rest as unknown as Header;
  if (
    !Array.isArray(header.features) || !Number.isSafeInteger(header.startedUs) || !isObject(header.settings)
  ) {
    throw malformed(number, "the header lacks features, startedUs or settings");
  }
  for (const feature of header.features) {
    if (!features.includes(feature)) {
      throw new RecordingError("unsupported_recording", `It uses "${feature}", which is not known here`);
    }
  }
  return header;
}

/** A line after the header; or what is wrong with it. */
function lineOf(value: unknown, { startedUs }: Header): Line | EndLine | string {
  if (!isObject(value)) return "it is no object";
  if ("n" in value) {
    const { n, at, on, out = "" } = value;
    if (!Number.isSafeInteger(n) || !Number.isSafeInteger(at)) {
      return "its number or its time is no whole number";
    }
    if (typeof on !== "string" || typeof out !== "string") return "it lacks a node or a digest";
    const input = inputOf(value.in, startedUs + (at as number));
    if (input === undefined) return "its input is none";
    const { outputs, threw } = value as { outputs?: never; threw?: string };
    return {
      n: n as number,
      on,
      input,
      out,
      ...(outputs === undefined ? {} : { outputs }),
      ...(threw === undefined ? {} : { threw }),
    };
  }
  if ("node" in value) {
    const fits = typeof value.node === "string" &&
      (value.kind === "server"
        ? isObject(value.settings)
        : value.kind === "client" && isObject(value.options));
    return fits ? value as unknown as Line : "it names no node with its settings or options";
  }
  if ("state" in value) {
    const fits = Number.isSafeInteger(value.state) && typeof value.hash === "string" &&
      isObject(value.revisions) && isObject(value.hashes);
    return fits ? value as unknown as Line : "it lacks hash, revisions or hashes";
  }
  if ("end" in value) {
    const fits = typeof value.end === "string" && Number.isSafeInteger(value.records);
    return fits ? value as unknown as EndLine : "it lacks how many records there are";
  }
  return "it is none of node, record, state and end";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(line: number, problem: string): RecordingError {
  return new RecordingError("malformed_recording", `Line ${line}: ${problem}`);
}

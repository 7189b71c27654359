/**
 * `--redact`: writes a recording anew, with nothing in it that was typed.
 *
 * @module
 */

import type { Recording } from "../sim/recording_reader.ts";
import { redact, RedactionError } from "../sim/recording_redactor.ts";
import { LineFile } from "./line_file.ts";

/** Writes the redacted recording to a file that holds nothing yet; says how that went. */
export function writeRedacted(recording: Recording, path: string): void {
  try {
    const lines: string[] = [];
    redact(recording, unguessable(), (line) => lines.push(line));
    const file = LineFile.open(path);
    for (const line of lines) file.write(line);
    file.close();
    console.log(`${path}: redacted. Replay it, and read it, before you give it away.`);
  } catch (error) {
    if (!(error instanceof RedactionError) && !isAboutFiles(error)) throw error;
    console.error(`Cannot redact to ${path}: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}

/** Draws from what the machine has of true chance. */
function unguessable(): () => number {
  const words = new Uint32Array(4096);
  let next = words.length;
  return () => {
    if (next === words.length) {
      crypto.getRandomValues(words);
      next = 0;
    }
    return words[next++]!;
  };
}

function isAboutFiles(error: unknown): boolean {
  return error instanceof Error && Object.values(Deno.errors).some((kind) => error instanceof kind);
}

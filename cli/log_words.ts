/**
 * What `deno task log` reads and prints: moments, spans, sizes, tables.
 *
 * @module
 */

import Table from "cli-table3";
import type { Moment } from "../proto/mod.ts";
import type { Retention } from "../server/sqlite/mod.ts";
import { harmless } from "./client_words.ts";
import { InvalidArgumentError } from "./command.ts";

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a revision (120), a time (2026-01-31T12:00:00Z), or how long ago (90m). */
export function moment(text: string): Moment {
  if (/^\d{1,15}$/.test(text)) return { revision: Number(text), time: 0 };
  const ago = durationMs(text);
  const time = ago !== undefined ? Date.now() - ago : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time) || time < 1) {
    throw new InvalidArgumentError(
      "Give a revision, a time like 2026-01-31T12:00:00Z, or an age like 90m or 3d.",
    );
  }
  return { revision: 0, time: Math.floor(time) };
}

/** Reads how much of the log stays: all, an age (30d), or a number of entries. */
export function retention(text: string): Retention {
  if (text === "all") return { kind: "all" };
  const ms = durationMs(text);
  if (ms !== undefined) return { kind: "duration", ms };
  if (/^[1-9]\d{0,14}$/.test(text)) return { kind: "count", entries: Number(text) };
  throw new InvalidArgumentError("Give all, an age like 30d or 12h, or a number of entries.");
}

/** Reads how long, in milliseconds: 90s, 15m, 12h, 30d, 2w. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError("Give a duration like 90s, 15m, 12h or 30d.");
  return ms;
}

/** Reads how much, in bytes: 500kB, 32MB, 1GB. */
export function size(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([kMG]?)B$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("Give a size like 500kB, 32MB or 1GB.");
  return Number(count) * { "": 1, k: 1000, M: 1000 ** 2, G: 1000 ** 3 }[unit as "" | "k" | "M" | "G"];
}

function durationMs(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * unitMs[unit!]!;
}

/** Entries from one revision to another. */
export interface Span {
  /** 0 for the oldest one that is kept. */
  readonly first: number;
  /** Infinity for the newest one. */
  readonly last: number;
}

/** Reads entries: 12, 12-20, 12- or -20. */
export function span(text: string): Span {
  const [, first, dash, last = ""] = /^(\d{0,15})(?:(-)(\d{0,15}))?$/.exec(text) ?? [];
  if (first === undefined || (first === "" && last === "")) {
    throw new InvalidArgumentError("Give one revision or some of them: 12, 12-20, 12- or -20.");
  }
  const from = Number(first);
  return { first: from, last: dash === undefined ? from : last === "" ? Infinity : Number(last) };
}

/** A time as people read it, to the second: 2026-01-31 12:00:00Z. */
export function timeInWords(ms: number): string {
  return ms === 0 ? "-" : new Date(ms).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

export function bytesInWords(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

/** Rows under a head, in columns; numbers stand right. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const chars = ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""] as const)
  );
  const table = new Table({
    head: [...head],
    chars: { ...Object.fromEntries(chars), middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: head.map((_, column) =>
      rows.some((row) => typeof row[column] === "number") ? "right" : "left"
    ),
  });
  for (const row of rows) {
    table.push(row.map((cell) => typeof cell === "number" ? cell.toLocaleString("en-US") : harmless(cell)));
  }
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

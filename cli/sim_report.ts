/**
 * What `deno task sim` says at the end, for people and for programs.
 *
 * @module
 */

import { type Mark, marks } from "../sim/marks.ts";
import type { Case } from "./sim_case.ts";
import type { Finding, SimTotals } from "./sim_totals.ts";

/** A failure that was written to a file. */
export interface KeptFailure extends Omit<Case, "lines"> {
  readonly file: string;
}

/** All that there is to say. */
export interface SimReport {
  /** What was asked for, in the words of the command line, seeds aside. */
  readonly options: string;
  readonly isScenario: boolean;
  readonly profiles: readonly string[];
  readonly firstSeed: string;
  readonly jobs: number;
  readonly revision: string;
  readonly totals: SimTotals;
  readonly seconds: number;
  readonly isInterrupted: boolean;
  /** By fingerprint. */
  readonly kept: ReadonlyMap<string, KeptFailure>;
}

/** The command that runs one failing seed again. */
function commandOf({ options, isScenario }: SimReport, { task: { seed, profile } }: Finding): string {
  // A scenario names its seed itself, and comes from no profile.
  if (isScenario) return `deno task sim${options}`;
  return `deno task sim --seed ${seed} --profile ${profile}${options}`;
}

function neverReached({ totals }: SimReport): Mark[] {
  return marks.filter(({ name }) => !totals.marks.has(name) && !totals.faults.has(name));
}

export function jsonOf(report: SimReport): unknown {
  const { totals, seconds, firstSeed, profiles, jobs, revision, isInterrupted, kept } = report;
  const { seeds, repetitions, timeUs, changes, messages, inputs, hash } = totals;
  return {
    passed: totals.findings.size === 0,
    interrupted: isInterrupted,
    firstSeed,
    profiles,
    jobs,
    revision,
    hash,
    seeds,
    seedsTwice: repetitions.twice,
    seedsWithAmnesia: repetitions.amnesia,
    virtualSeconds: timeUs / 1_000_000,
    crashPoints: totals.points,
    changes,
    messages,
    inputs,
    seconds,
    faults: inOrder(totals.faults),
    marks: inOrder(totals.marks),
    neverReached: neverReached(report).map(({ name }) => name),
    failures: [...totals.findings.values()].map((finding) => {
      const { task, failure: { invariant, breach, detail, revision, atUs, fingerprint } } = finding;
      return {
        ...task,
        seeds: finding.seeds,
        invariant,
        breach,
        detail,
        atSeconds: atUs / 1_000_000,
        ...(revision === undefined ? {} : { atRevision: revision }),
        command: commandOf(report, finding),
        ...kept.get(fingerprint),
      };
    }),
  };
}

export function linesOf(report: SimReport): string[] {
  const { totals, seconds, isInterrupted } = report;
  const { seeds, repetitions, timeUs } = totals;
  const never = neverReached(report);
  const virtual = timeUs / 1_000_000;
  const lines: string[] = isInterrupted ? ["interrupted: this is what was done so far"] : [];
  const rows = [
    ["seeds", `${number(seeds)}, ${repetitions.twice} of them twice, ${repetitions.amnesia} with amnesia`],
    ...(totals.points > 0 ? [["crash points", number(totals.points)] as const] : []),
    ["virtual time", `${(virtual / 3600).toFixed(2)} h`],
    ["changes", number(totals.changes)],
    ["messages", number(totals.messages)],
    ["inputs hashed", number(totals.inputs)],
    [
      "wall time",
      `${seconds.toFixed(1)} s, ${number(Math.floor(virtual / seconds))} times faster than real time`,
    ],
    [
      "",
      `${(seeds / seconds).toFixed(1)} seeds and ${
        number(Math.floor(totals.messages / seconds))
      } messages a second`,
    ],
    ["marks reached", `${marks.length - never.length} of ${marks.length}`],
    ["hash", totals.hash],
  ] as const;
  lines.push("", "faults");
  lines.push(...table(totals.faults));
  lines.push("", "marks reached");
  lines.push(...table(totals.marks));
  if (never.length > 0) lines.push("", "marks never reached");
  for (const { name, meaning } of never) lines.push(`  ${name.padEnd(30)}${meaning}`);
  lines.push("");
  for (const [name, value] of rows) lines.push(`${name.padEnd(16)}${value}`);
  for (const finding of totals.findings.values()) lines.push("", ...failureLines(report, finding));
  lines.push(
    "",
    totals.findings.size === 0 ? "passed" : `FAILED: ${totals.failures} of ${number(seeds)} seeds`,
  );
  return lines;
}

function failureLines(report: SimReport, finding: Finding): string[] {
  const { task, failure: { fingerprint, detail, atUs, revision } } = finding;
  const more = finding.seeds > 1 ? ` (and ${finding.seeds - 1} more seeds)` : "";
  const lines = [`FAILED: ${fingerprint}`];
  for (const line of detail.split("\n")) if (line !== "") lines.push(`  ${line}`);
  lines.push(
    `  seed ${task.seed} of ${task.profile}${more}, at ${(atUs / 1_000_000).toFixed(6)} s` +
      `${revision === undefined ? "" : `, revision ${revision}`}; git revision ${report.revision}`,
    `  again:  ${commandOf(report, finding)}`,
  );
  const kept = report.kept.get(fingerprint);
  if (kept === undefined) return lines;
  const { file, before, after, runs, seconds, isVerified } = kept;
  lines.push(`  kept:   deno task sim --scenario ${file}`);
  if (runs === 0) return lines;
  lines.push(
    `          ${after.clients} of ${before.clients} clients, ${after.deeds} of ${before.deeds} deeds, ` +
      `${after.faults} of ${before.faults} faults, after ${runs} runs in ${seconds.toFixed(1)} s` +
      `${isVerified ? "" : "; it does not always fail"}`,
  );
  return lines;
}

/** Names and counts, in columns. */
function table(counts: ReadonlyMap<string, number>): string[] {
  const cells = inOrder(counts).map(([name, count]) => `${name.padEnd(30)}${number(count).padStart(9)}`);
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 2) lines.push(`  ${cells.slice(i, i + 2).join("    ")}`);
  return lines.length > 0 ? lines : ["  none"];
}

/** By name, faults by their families. */
function inOrder(counts: ReadonlyMap<string, number>): [name: string, count: number][] {
  return [...counts].sort(([a], [b]) => a < b ? -1 : 1);
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

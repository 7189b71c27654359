/**
 * What came of a hunt, in words, as JSON and as a table for docs/mutants.md.
 *
 * @module
 */

import { type Invariant, invariants } from "../sim/judges/failure.ts";
import { questioned } from "../mutants/catalogue.ts";
import type { Report } from "./mutants_hunt.ts";

/** Whether the catalogue says another thing of a mutant than the hunt. */
export function isWrong({ mutant, find }: Report): boolean {
  return (find === undefined) !== (mutant.survives !== undefined);
}

export function titleRow(): string {
  return row("mutant", "trials", "seconds", "found by");
}

export function rowOf({ mutant, find }: Report): string {
  if (find !== undefined) {
    const stale = mutant.survives === undefined ? "" : "  STALE: it is said to survive";
    return row(mutant.name, String(find.trials), find.seconds.toFixed(1), foundBy(find) + stale);
  }
  return row(
    mutant.name,
    "",
    "",
    mutant.survives === undefined ? "SURVIVES" : `survives: ${mutant.survives}`,
  );
}

/** The canary, with how often it shows. */
export function canarySentence({ mutant, find, faults, simulations }: Report): string {
  const shows = sum(faults.values());
  const rate = `shows in ${shows} of ${simulations} simulations (${percent(shows, simulations)})`;
  return find === undefined
    ? `The canary "${mutant.name}" was NOT FOUND in ${simulations} simulations`
    : `The canary "${mutant.name}" was found in trial ${find.trials}, and ${rate}`;
}

/** How many mutants each invariant finds, which of them alone, and what is left. */
export function summaryOf(reports: readonly Report[], seconds: number): string {
  const found = reports.filter(({ find }) => find !== undefined);
  const lines = [
    "",
    `${found.length} of ${reports.length} mutants found in ${seconds.toFixed(0)} s`,
    "",
    `${"invariant".padEnd(18)}${"found".padStart(6)}${"first".padStart(7)}  the only one to find`,
  ];
  for (const [name, { all, first, alone }] of killsOf(reports)) {
    lines.push(
      `${name.padEnd(18)}${String(all).padStart(6)}${String(first).padStart(7)}  ${alone.join(", ")}`,
    );
  }
  const idle = idleOf(reports);
  if (idle.length > 0) lines.push("", "Find none of these mutants:", ...idle.map(idleSentence));
  for (const report of reports) {
    if (!isWrong(report)) continue;
    const { mutant: { name, survives }, find } = report;
    lines.push(
      find === undefined
        ? `Nothing finds "${name}", and no reason is given`
        : `"${name}" is found by ${foundBy(find)}, and it is said to survive: ${survives}`,
    );
  }
  return lines.join("\n");
}

export function jsonOf(reports: readonly Report[], sightings: readonly Report[], seconds: number): unknown {
  return {
    mutants: reports.map(({ mutant, find, faults, simulations }) => ({
      name: mutant.name,
      file: mutant.file,
      find: find ?? null,
      faults: Object.fromEntries(faults),
      simulations,
      survives: mutant.survives ?? null,
    })),
    invariants: Object.fromEntries(killsOf(reports)),
    idle: idleOf(reports),
    canaries: sightings.map(({ mutant, find, faults, simulations }) => ({
      name: mutant.name,
      find: find ?? null,
      shows: sum(faults.values()),
      simulations,
    })),
    seconds,
  };
}

export function markdownOf(reports: readonly Report[], sightings: readonly Report[], seeds: number): string {
  const found = reports.filter(({ find }) => find !== undefined);
  const total = sum(found.map(({ find }) => find!.seconds));
  const bySimulation = found.filter(({ find }) => find!.part === "simulation").map(({ find }) => find!);
  const lines = [
    "# Mutants",
    "",
    "Written by `deno task mutants --markdown docs/mutants.md`. Each row is a bug that was put into a copy of the",
    "project, by an edit of one place, and what the laboratory made of it: how many trials it took until something was",
    `wrong that is not without the bug (at most ${seeds} simulations, in a fixed order), how long that was on one core,`,
    "and what was wrong. Where the simulation does not find one, small worlds are explored, and last the laws of the",
    "file are tried; of a core, the kept stories as well. Several invariants may find a mutant; those in bold are found",
    "by one alone.",
    "",
    `${found.length} of ${reports.length} are found: ${bySimulation.length} by simulation, half of these within ` +
    `${middle(bySimulation.map(({ trials }) => trials))} trials and ` +
    `${middle(bySimulation.map(({ seconds }) => seconds)).toFixed(1)} seconds; all together took ` +
    `${total.toFixed(0)} seconds.`,
    "",
    "| mutant | rule that it breaks | found by | trials | seconds |",
    "| --- | --- | --- | ---: | ---: |",
  ];
  for (const { mutant, find, faults } of reports) {
    const { name, breaks, museum, survives } = mutant;
    const rule = museum === undefined ? breaks : `${breaks} (${museum})`;
    const alone = invariantsIn(faults).length === 1;
    const by = find === undefined
      ? `_survives_: ${survives ?? "nobody knows why"}`
      : alone
      ? `**${find.fault}**`
      : foundBy(find);
    lines.push(`| ${name} | ${rule} | ${by} | ${find?.trials ?? ""} | ${find?.seconds.toFixed(1) ?? ""} |`);
  }
  lines.push(
    "",
    "## Invariants",
    "",
    "| invariant | mutants it finds | of these first | alone |",
    "| --- | ---: | ---: | ---: |",
    ...killsOf(reports).map(([name, { all, first, alone }]) =>
      `| ${name} | ${all} | ${first} | ${alone.length} |`
    ),
    "",
    "Find none of these mutants:",
    "",
    ...idleOf(reports).map((name) => `- ${idleSentence(name)}`),
    "",
    "## The canary",
    "",
    ...sightings.map((report) => `${canarySentence(report)}.`),
    "",
  );
  return lines.join("\n");
}

interface Kills {
  /** How many mutants it found, and how many before anything else did. */
  readonly all: number;
  readonly first: number;
  /** Those that nothing else found. */
  readonly alone: readonly string[];
}

/** By invariant, and then by part for what is none. */
function killsOf(reports: readonly Report[]): [name: string, Kills][] {
  const names = new Set<string>(invariants);
  for (const { faults } of reports) for (const name of invariantsIn(faults)) names.add(name);
  return [...names].map((name): [string, Kills] => {
    const all = reports.filter(({ faults }) => invariantsIn(faults).includes(name));
    return [name, {
      all: all.length,
      first: all.filter(({ find }) => invariantOf(find!.fault) === name).length,
      alone: all.filter(({ faults }) => invariantsIn(faults).length === 1).map(({ mutant }) => mutant.name),
    }];
  }).filter(([, { all }]) => all > 0);
}

function idleOf(reports: readonly Report[]): Invariant[] {
  return invariants.filter((name) => !reports.some(({ faults }) => invariantsIn(faults).includes(name)));
}

function idleSentence(name: Invariant): string {
  return `${name}: ${questioned[name] ?? "nobody knows what it is for"}`;
}

function invariantsIn(faults: ReadonlyMap<string, number>): string[] {
  return [...new Set([...faults.keys()].map(invariantOf))];
}

/** The invariant that a fault is of, or the part of the laboratory where it has none. */
function invariantOf(fault: string): string {
  const name = fault.slice(0, fault.indexOf(":"));
  return (invariants as readonly string[]).includes(name) || name === "exploration" ? name : "laws";
}

function foundBy({ part, fault }: NonNullable<Report["find"]>): string {
  return part === "laws" ? `law: ${fault}` : fault;
}

function row(name: string, trials: string, seconds: string, by: string): string {
  return `${name.padEnd(44)}${trials.padStart(7)}${seconds.padStart(9)}  ${by}`;
}

function percent(part: number, whole: number): string {
  return `${(100 * part / Math.max(1, whole)).toFixed(1)}%`;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

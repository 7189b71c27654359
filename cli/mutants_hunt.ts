/**
 * The hunt for one mutant after the other: which part of the laboratory finds it, after how much, and by what.
 *
 * What the tree shows without a mutant, in the same trial, does not count.
 *
 * @module
 */

import { type Mutant, mutated, type Part, parts, type Sources } from "../mutants/mutant.ts";
import { called, type Course, trialsOf } from "./mutants_course.ts";
import { failingTests, runTrials } from "./mutants_process.ts";
import { Scratch, stories } from "./mutants_scratch.ts";

/** How a mutant was found. */
export interface Find {
  readonly part: Part;
  /** What was wrong: invariant and breach, or the name of a law. */
  readonly fault: string;
  /** The trial, or the file of the law. */
  readonly where: string;
  /** How many trials it took, this one included, and how long. */
  readonly trials: number;
  readonly seconds: number;
}

/** What came of one mutant. */
export interface Report {
  readonly mutant: Mutant;
  /** Undefined if nothing found it. */
  readonly find: Find | undefined;
  /** All that was wrong in the trials that were looked at, with how many of them. */
  readonly faults: ReadonlyMap<string, number>;
  /** How many simulations that were. */
  readonly simulations: number;
}

export interface HuntOptions {
  /** How many simulations each mutant gets at most. */
  readonly seeds: number;
  /** After how many trials behind the first find nothing more is looked for. */
  readonly further: number;
  /** Which parts look for it: all, unless it is said. */
  readonly parts?: readonly Part[];
}

/** Hunts mutants of the sources, each worker in a scratch copy of its own. */
export class Hunt implements Disposable {
  readonly #sources: Sources;
  readonly #options: HuntOptions;
  readonly #clean: Scratch;
  /** What goes wrong without any mutant, by trial or file. */
  readonly #known = new Map<string, Promise<readonly string[]>>();

  constructor(sources: Sources, options: HuntOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#clean = new Scratch(sources);
  }

  /** Hunts them all, with so many at a time; tells of each as it is done. */
  async all(mutants: readonly Mutant[], jobs: number, tell: (report: Report) => void): Promise<Report[]> {
    const reports: Report[] = [];
    let next = 0;
    const work = async () => {
      using scratch = new Scratch(this.#sources);
      while (next < mutants.length) {
        const index = next++;
        reports[index] = await this.#one(mutants[index]!, scratch);
        tell(reports[index]);
      }
    };
    await Promise.all(Array.from({ length: Math.min(jobs, mutants.length) }, work));
    return reports;
  }

  async #one(mutant: Mutant, scratch: Scratch): Promise<Report> {
    scratch.replace(mutant.file, mutated(mutant, this.#sources));
    try {
      const quarry = new Quarry(mutant);
      const first = parts.indexOf(mutant.by ?? "simulation");
      for (const part of [...parts.slice(first), ...parts.slice(0, first)]) {
        if (this.#options.parts?.includes(part) === false) continue;
        if (part === "laws") await this.#laws(quarry, scratch);
        else {await this.#trials(
            quarry,
            scratch,
            part,
            mutant.canary === true && part === "simulation" ? "canary" : part,
          );}
        if (quarry.find !== undefined) break;
      }
      return quarry;
    } finally {
      scratch.restore(mutant.file);
    }
  }

  async #trials(quarry: Quarry, scratch: Scratch, part: Part, course: Course): Promise<void> {
    const trials = trialsOf(course, this.#options.seeds);
    // What is left to do once it has been found.
    let further = part === "simulation" ? this.#options.further : 0;
    await runTrials(scratch.path, course, 0, trials.length, async ({ index, fault, seconds }) => {
      if (part === "simulation") quarry.simulations++;
      if (fault !== undefined && !(await this.#knownOf(course, index)).includes(fault)) {
        const where = called(trials[index]!);
        quarry.found({ part, fault, where, trials: index + 1, seconds });
      }
      return quarry.find === undefined || further-- > 0;
    });
  }

  async #laws(quarry: Quarry, scratch: Scratch): Promise<void> {
    for (const test of this.#lawsOf(quarry.mutant.file)) {
      if (quarry.find === undefined) await this.#law(quarry, scratch, test);
    }
  }

  /** Where the laws of a file stand, its own first. */
  #lawsOf(file: string): readonly string[] {
    const test = `tests/${file.replace(/\.ts$/, "_test.ts")}`;
    // Those of server/format/ and server/history/ stand in tests/format/ and tests/history/.
    const own = [test, test.replace("/server/", "/")].filter((file) => this.#sources.has(file));
    if (/^(client|server)\/core\//.test(file)) return [...own, ...stories];
    // Questions are asked of all that answers them.
    if (!file.startsWith("server/history/")) return own;
    const isLaw = (file: string) => /^tests\/history\/.*_test\.ts$/.test(file) && !own.includes(file);
    return [...own, ...[...this.#sources.keys()].filter(isLaw).sort()];
  }

  async #law(quarry: Quarry, scratch: Scratch, file: string): Promise<void> {
    const start = performance.now();
    let failing = await failingTests(scratch.path, file, "first");
    if (failing.length === 0) return;
    const known = await this.#remembered(file, () => failingTests(this.#clean.path, file, "all"));
    if (failing.every((name) => known.includes(name))) {
      failing = await failingTests(scratch.path, file, "all");
    }
    const seconds = (performance.now() - start) / 1000;
    for (const name of failing) {
      if (!known.includes(name)) quarry.found({ part: "laws", fault: name, where: file, trials: 1, seconds });
    }
  }

  #knownOf(course: Course, index: number): Promise<readonly string[]> {
    return this.#remembered(`${course} ${index}`, async () => {
      const faults: string[] = [];
      await runTrials(this.#clean.path, course, index, index + 1, ({ fault }) => {
        if (fault !== undefined) faults.push(fault);
        return Promise.resolve(true);
      });
      return faults;
    });
  }

  #remembered(what: string, find: () => Promise<readonly string[]>): Promise<readonly string[]> {
    let known = this.#known.get(what);
    if (known === undefined) this.#known.set(what, known = find());
    return known;
  }

  [Symbol.dispose](): void {
    this.#clean[Symbol.dispose]();
  }
}

/** A mutant while it is hunted. */
class Quarry implements Report {
  find: Find | undefined;
  readonly faults = new Map<string, number>();
  simulations = 0;

  constructor(readonly mutant: Mutant) {}

  found(find: Find): void {
    this.find ??= find;
    this.faults.set(find.fault, (this.faults.get(find.fault) ?? 0) + 1);
  }
}

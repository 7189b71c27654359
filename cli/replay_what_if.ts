/**
 * `--what-if`: what would have come of a recording with one fault more, beside what did.
 *
 * @module
 */

import { type Fault, fork, type Forked, ForkError } from "../sim/recording_fork.ts";
import type { Recording } from "../sim/recording_reader.ts";
import { wordOf } from "./client_words.ts";
import { type Difference, firstDifference } from "./replay_difference.ts";
import { PlaceError } from "./replay_place.ts";
import { changeInWords, inputInWords, number, timeInWords } from "./replay_words.ts";

/** How a workspace came out. */
interface WorkspaceOutcome {
  readonly workspace: string;
  readonly revision: { readonly recorded: number; readonly forked: number };
  /** The first revision that is another change, or is there in one of the two alone. */
  readonly firstOther: number | undefined;
  readonly files: readonly FileOutcome[];
}

type FileOutcome =
  | { readonly path: string; readonly only: "recorded" | "forked" }
  | ({ readonly path: string } & Difference);

/** @throws {PlaceError} if there is no such change, or no place for it. */
export function printWhatIf(recording: Recording, change: string, json: boolean): void {
  const forked = forkedBy(recording, faultOf(change));
  const { firstDifference: first } = forked;
  const outcomes = outcomesOf(forked), refusals = refusalsOf(forked);
  if (json) {
    return console.log(JSON.stringify({
      change,
      firstDifference: first &&
        { record: first.n, atSeconds: (first.input.nowUs - recording.header.startedUs) / 1e6 },
      workspaces: outcomes,
      refusals,
    }));
  }
  console.log(`what if ${change}: clients are played back as they were recorded, whatever they are answered`);
  console.log(
    first === undefined
      ? "All that follows comes to the same."
      : `It goes another way from record ${number(first.n)} on, at ` +
        `${timeInWords(first.input.nowUs - recording.header.startedUs)}: ${inputInWords(first.input)}`,
  );
  for (const outcome of outcomes) printOutcome(outcome, forked);
  for (const { connection, seq, code } of refusals) {
    console.log(`  refused, which was not: change ${seq} of connection ${connection}: ${code}`);
  }
}

function forkedBy(recording: Recording, fault: Fault): Forked {
  try {
    return fork(recording, fault);
  } catch (error) {
    if (error instanceof ForkError) throw new PlaceError(error.message);
    throw error;
  }
}

function faultOf(change: string): Fault {
  const cut = /^cut:(\d{1,15})@(\d{1,15})$/.exec(change);
  if (cut !== null) return { kind: "cut", connection: Number(cut[1]), at: Number(cut[2]) };
  const other = /^(fail|crash)@(\d{1,15})$/.exec(change);
  if (other !== null) return { kind: other[1] as "fail" | "crash", at: Number(other[2]) };
  throw new PlaceError(`"${change}" is no change: write cut:CONNECTION@RECORD, fail@RECORD or crash@RECORD`);
}

function outcomesOf({ recorded, forked }: Forked): WorkspaceOutcome[] {
  const names = new Set([...recorded.log.workspaces, ...forked.log.workspaces]);
  return [...names].map((workspace) => {
    const before = recorded.log.entries(workspace), after = forked.log.entries(workspace);
    const length = Math.max(before.length, after.length);
    let same = 0;
    const textAt = (entries: typeof before) => {
      const entry = entries[same];
      return entry && JSON.stringify([entry.site, entry.seq, entry.change]);
    };
    while (same < length && textAt(before) === textAt(after)) same++;
    return {
      workspace,
      revision: { recorded: recorded.log.revision(workspace), forked: forked.log.revision(workspace) },
      firstOther: same === length ? undefined : recorded.log.floor(workspace) + same + 1,
      files: filesThatDiffer(recorded.log, forked.log, workspace),
    };
  });
}

function filesThatDiffer(
  recorded: Forked["recorded"]["log"],
  forked: typeof recorded,
  name: string,
): FileOutcome[] {
  const textsOf = (log: typeof recorded) => {
    const { workspace } = log.state(name);
    return new Map(
      workspace.files().map((
        { id, path },
      ) => [path, workspace.node(id)!.content?.hash ?? workspace.text(id).toString()]),
    );
  };
  const before = textsOf(recorded), after = textsOf(forked);
  const result: FileOutcome[] = [];
  for (const [path, text] of before) {
    const other = after.get(path);
    if (other === undefined) result.push({ path, only: "recorded" });
    else {
      const difference = firstDifference(text, other);
      if (difference !== undefined) result.push({ path, ...difference });
    }
  }
  for (const path of after.keys()) if (!before.has(path)) result.push({ path, only: "forked" });
  return result;
}

/** Changes that are refused in the fork and were not. */
function refusalsOf({ recorded, forked }: Forked): { connection: number; seq: number; code: string }[] {
  const refusals = (said: Forked["recorded"]["said"]) =>
    said.flatMap(({ connection, message }) =>
      message.kind === "refuse" ? [{ connection: connection!, seq: message.seq, code: message.code }] : []
    );
  const known = new Set(refusals(recorded.said).map((refusal) => JSON.stringify(refusal)));
  return refusals(forked.said).filter((refusal) => !known.has(JSON.stringify(refusal)));
}

function printOutcome({ workspace, revision, firstOther, files }: WorkspaceOutcome, forked: Forked): void {
  const { recorded: before, forked: after } = revision;
  console.log(`${wordOf(workspace)}: revision ${number(before)} as recorded, ${number(after)} here`);
  if (firstOther !== undefined) {
    for (const [name, course] of [["recorded", forked.recorded], ["here", forked.forked]] as const) {
      const entry = course.log.entries(workspace)[firstOther - 1 - course.log.floor(workspace)];
      const what = entry === undefined
        ? "nothing"
        : `site ${entry.site}: ${
          changeInWords(entry.change, course.log.state(workspace, firstOther - 1).workspace)
        }`;
      console.log(`  ${name.padEnd(9)} revision ${number(firstOther)}: ${what}`);
    }
  }
  for (const file of files) {
    if ("only" in file) {
      console.log(`  ${wordOf(file.path)}: only ${file.only === "recorded" ? "as recorded" : "here"}`);
    } else {
      console.log(`  ${wordOf(file.path)} differs at line ${file.line}, column ${file.column}`);
      console.log(`    recorded  ${JSON.stringify(file.expected)}`);
      console.log(`    here      ${JSON.stringify(file.actual)}`);
    }
  }
}

/**
 * `deno task log verify`: whether the data is whole, and what signatures say of who wrote what.
 *
 * @module
 */

import type { AuditReport, Signers } from "../server/core/mod.ts";
import type { VerifyReport } from "../server/sqlite/mod.ts";
import { harmless, wordOf } from "./client_words.ts";
import { LogError, logExitCodes, type LogOptions, withTools } from "./log_run.ts";
import { tableOf } from "./log_words.ts";

export interface VerifyOptions extends LogOptions {
  /** A file that says who may sign as whom. */
  readonly signers?: string | undefined;
}

export function verify(workspace: string | undefined, options: VerifyOptions): Promise<void> {
  return withTools(options, (tools) => {
    const signers = options.signers === undefined ? undefined : readSigners(options.signers);
    const reports = tools.verify(workspace, signers), file = tools.verifyFile();
    const isWhole = file.length === 0 && reports.every(({ problems }) => problems.length === 0);
    const isGenuine = reports.every(({ audit }) => audit === undefined || audit.faults === 0);
    if (!isWhole || !isGenuine) Deno.exitCode = logExitCodes.found_wanting;
    return { isWhole, isGenuine, reports, file };
  }, ({ isWhole, reports, file }) => {
    const rows = reports.map(({ workspace, revision, entries, checkpoints, problems, audit }) => [
      ...[workspace, revision, entries, checkpoints],
      problems.length > 0 ? "DAMAGED" : (audit?.faults ?? 0) > 0 ? "FORGED" : "whole",
    ]);
    console.log(tableOf(["workspace", "revision", "entries", "checkpoints", ""], rows));
    for (const report of reports) {
      const lines = signaturesIn(report);
      if (lines.length > 0) console.log(`\n${lines.join("\n")}`);
    }
    for (const problem of file) console.error(`The file: ${problem}`);
    for (const { workspace, problems } of reports) {
      for (const problem of problems) console.error(`${wordOf(workspace)}: ${problem}`);
    }
    for (const { workspace, audit } of reports) {
      for (const line of audit === undefined ? [] : faultsIn(audit)) {
        console.error(`${wordOf(workspace)}: ${line}`);
      }
    }
    if (file.length > 0 || reports.some(({ isLost }) => isLost)) {
      console.error("Put a backup in its place: deno task log restore FILE");
    } else if (!isWhole) {
      console.error(
        "No change is lost: a server begins with what is whole, and stores the state anew in time.",
      );
    }
  });
}

/** Who has signed how much; nothing of a workspace in which nobody has. */
function signaturesIn({ workspace, audit }: VerifyReport): string[] {
  if (audit === undefined || audit.derived + audit.underived + audit.purged === 0) return [];
  const { authors, derived, underived, purged, unsigned, severalKeys, workspaces } = audit;
  const rows = authors.map(({ name, key, entries }) => [name, key ?? "not signed", entries]);
  const elsewhere = workspaces.filter((signed) => signed.workspace !== workspace);
  return [
    tableOf([workspace, "key", "entries"], rows),
    `Follow from what their authors signed: ${derived}; not signed: ${unsigned}`,
    ...underived === 0
      ? []
      : [`Signed, and made on a revision that is no longer kept, so not derived again: ${underived}`],
    ...purged === 0
      ? []
      : [`Had something purged from them, as the log says, so nothing is known of them any more: ${purged}`],
    ...elsewhere.map(({ workspace, entries }) => `Signed for the name ${wordOf(workspace)}: ${entries}`),
    ...severalKeys.map((name) => `${wordOf(name)} goes with several keys, or with one and without`),
  ];
}

function faultsIn({ faults, first }: AuditReport): string[] {
  if (first === null) return [];
  const { revision, name, fault, message } = first;
  const others = faults === 1 ? "" : ` There are ${faults - 1} more that are not what they should be.`;
  return [`entry ${revision}, by ${wordOf(name)}: ${message} (${fault}).${others}`];
}

/**
 * Reads who may sign as whom: lines with a key, a space, and a name. A name may have several keys.
 *
 * @throws {LogError}
 */
export function readSigners(file: string): Signers {
  const signers = new Map<string, Set<string>>();
  for (const [i, line] of Deno.readTextFileSync(file).split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, key, name] = /^([0-9a-fA-F]{64})\s+(.*\S)\s*$/.exec(line) ?? [];
    if (key === undefined || name === undefined) {
      const what = `Line ${i + 1} of ${harmless(file)} is no key of 64 hexadecimal digits and a name`;
      throw new LogError(
        "bad_signers",
        `${what}. Take them from deno task log verify.`,
        logExitCodes.wrong_usage,
      );
    }
    const keys = signers.get(name) ?? new Set();
    signers.set(name, keys.add(key.toLowerCase()));
  }
  return signers;
}

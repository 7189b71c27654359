/**
 * Looks at all there is of a workspace: every entry against the chain, every signed one against what was signed, every
 * checkpoint against the entries, and what blobs hold or held against its hash.
 *
 * @module
 */

import { Audit, type AuditOptions, type AuditReport, State } from "../core/mod.ts";
import {
  areEqual,
  decodeManifest,
  encodeCheckpoint,
  FormatError,
  type Manifest,
  PieceKeys,
  readPacked,
  recover,
  savedStateOf,
} from "../format/mod.ts";
import { contentHash, hashOfName } from "./content.ts";
import type { Known } from "./known.ts";
import type { Store } from "./store.ts";
import { neededContents } from "./upkeep.ts";

/** What was found. */
export interface VerifyReport {
  readonly workspace: string;
  readonly revision: number;
  /** How many entries and checkpoints were looked at. */
  readonly entries: number;
  readonly checkpoints: number;
  /** In plain words; none if all is well. */
  readonly problems: readonly string[];
  /** What signatures say of the entries since the oldest state that is kept; undefined if that cannot be read. */
  readonly audit: AuditReport | undefined;
  /** Whether entries are damaged, or the newest state cannot be had any more: what else is damaged is made again. */
  readonly isLost: boolean;
}

export function verifyWorkspace(
  store: Store,
  known: Known,
  options: Pick<AuditOptions, "verify" | "signers">,
): VerifyReport {
  const { number, name, floor, origin } = known;
  const problems: string[] = [];
  const purgedUpTo = Math.max(0, ...origin.map((record) => record.kind === "purged" ? record.revision : 0));
  const auditOf = (base: State) => new Audit(base, { ...options, purgedUpTo });
  const checkpoints = new Map<number, { manifest: Manifest; state: State }>();
  const all = store.checkpoints(number);
  for (const { revision } of all) {
    attempt(problems, `checkpoint at revision ${revision}`, () => {
      const bytes = store.manifest(number, revision);
      if (bytes === undefined) throw new FormatError("It cannot be read");
      const manifest = decodeManifest(bytes);
      if (manifest.revision !== revision) throw new FormatError(`It is of revision ${manifest.revision}`);
      const state = State.restore(savedStateOf(manifest, (key) => store.piece(number, key)));
      checkpoints.set(revision, { manifest, state });
    });
  }
  let entries = 0;
  const base = floor === 0 ? State.empty : checkpoints.get(floor)?.state;
  let audit = base && auditOf(base);
  const first = store.segments(number)[0]?.first ?? store.firstUnpacked(number) ?? 1;
  const areWhole = attempt(problems, "entries", () => {
    for (const read of readPacked(store.kept(known), floor === 0 ? 0 : first - 1, { until: Infinity })) {
      if (read.tail === undefined) break;
      entries += read.entries.length;
      const { before } = read;
      for (const [i, entry] of read.entries.entries()) {
        if (audit?.state.revision === entry.revision - 1) audit.take(entry);
        const checkpoint = checkpoints.get(entry.revision);
        if (checkpoint === undefined) continue;
        const there = before!.clone();
        there.append(read.entries.slice(0, i + 1));
        if (!areEqual(there.chain, checkpoint.manifest.chain)) {
          problems.push(`checkpoint at revision ${entry.revision}: It is not of this log`);
        }
        if (
          audit?.state.revision === entry.revision &&
          !areEqual(stateHashOf(audit.state), checkpoint.manifest.stateHash)
        ) {
          problems.push(`checkpoint at revision ${entry.revision}: It is not what the entries lead to`);
        }
        audit ??= auditOf(checkpoint.state);
      }
    }
  });
  attempt(problems, "contents", () => {
    const needed = neededContents(store, known);
    if (needed === undefined) throw new FormatError("It is not known which are needed");
    for (const hash of needed) {
      const content = store.content(number, hashOfName(hash));
      if (content === undefined) problems.push(`content ${hash} is missing`);
      else if (contentHash(content).name !== hash) problems.push(`content ${hash} is damaged`);
    }
  });
  const recovery = recover(store.kept(known));
  if (recovery.kind === "damaged" && !problems.some((problem) => problem.endsWith(recovery.damage))) {
    problems.push(recovery.damage);
  }
  const { revision } = store.head(number);
  const isLost = !areWhole || recovery.kind === "damaged";
  const report = { workspace: name, revision, entries, checkpoints: all.length, problems, isLost };
  return { ...report, audit: audit?.report() };
}

/** Whether it has gone well. */
function attempt(problems: string[], what: string, body: () => void): boolean {
  try {
    body();
    return true;
  } catch (error) {
    problems.push(`${what}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

function stateHashOf(state: State): Uint8Array {
  const encoding = encodeCheckpoint(state, new Uint8Array(32), new PieceKeys());
  for (;;) {
    const { done, value } = encoding.next();
    if (done === true) return decodeManifest(value).stateHash;
  }
}

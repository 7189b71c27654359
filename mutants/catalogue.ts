/**
 * All mutants: for every rule of the design that is built, and every kind of bug in the museum that applies.
 *
 * @module
 */

import { blobMutants } from "./blobs.ts";
import { clientMutants } from "./client.ts";
import { historyMutants } from "./history.ts";
import { logMutants } from "./log.ts";
import type { Invariant } from "../sim/judges/failure.ts";
import type { Mutant } from "./mutant.ts";
import { protocolMutants } from "./protocol.ts";
import { rightsMutants } from "./rights.ts";
import { sequencingMutants } from "./sequencing.ts";
import { servingMutants } from "./serving.ts";
import { signingMutants } from "./signing.ts";
import { taskMutants } from "./tasks.ts";
import { textMutants } from "./text.ts";
import { treeMutants } from "./tree.ts";

export const mutants: readonly Mutant[] = [
  ...textMutants,
  ...treeMutants,
  ...sequencingMutants,
  ...servingMutants,
  ...clientMutants,
  ...protocolMutants,
  ...logMutants,
  ...rightsMutants,
  ...blobMutants,
  ...signingMutants,
  ...taskMutants,
  ...historyMutants,
];

/** Those that show so seldom that finding them says something about the search. */
export const canaries: readonly Mutant[] = mutants.filter(({ canary }) => canary === true);

/** A few that each break another rule, and are found soon: for every commit. */
export const few: readonly Mutant[] = [
  "what both delete is deleted twice",
  "a node is in its own way",
  "a change that is sent again is taken for another one",
  "a snapshot is of what is not stored yet",
  "who resumes misses one entry",
  "authors read their own changes as somebody else's",
  "hidden nodes are left out of snapshots",
  "newcomers are not introduced",
  "typing composes into the change in flight",
  "what is in flight comes after what is buffered, once restored",
].map((name) => mutants.find((mutant) => mutant.name === name)!);

/** Invariants that find none of the mutants, with what there is to say for them. */
export const questioned: Readonly<Partial<Record<Invariant, string>>> = {
  nothing_invented:
    "the cores copy characters and make none, so what would break it breaks convergence or a frame before",
  atomicity:
    "states are values, so no line of source shows half of a change; composing an atomic one stops the core first",
  replay: "is judged where a recording is replayed, and nothing is recorded in a hunt",
};

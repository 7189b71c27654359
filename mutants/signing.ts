/**
 * Mutants of signatures: what the log says that somebody signed is what they signed.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const signingMutants: readonly Mutant[] = [
  {
    name: "a wrong signature is taken",
    file: "server/core/room.ts",
    text: `fromHex(signer.key)) ? undefined : "signature_invalid";`,
    replacement: `fromHex(signer.key)) ? undefined : undefined;`,
    breaks: "a change takes effect if its signature is good, and not otherwise",
  },
  {
    name: "what is not signed is taken from who signs",
    file: "server/core/room.ts",
    text: `if (signed === undefined) return "signature_missing";`,
    replacement: "if (signed === undefined) return undefined;",
    breaks: "all changes of a session that has a key are signed",
  },
  {
    name: "a signature does not cover the base",
    file: "proto/signing.ts",
    text: "return joined([head, operation]);",
    replacement: "return joined([head, operation.subarray(0, 2), operation.subarray(4)]);",
    breaks: "a signature is good for one seq and base",
  },
  {
    name: "a signature is good in any session of its key",
    file: "proto/signing.ts",
    text: "name, sha256(encoder.encode(session)), number]",
    replacement: "name, sha256(encoder.encode(session.slice(0, 0))), number]",
    breaks: "a signature is good in one session",
  },
  {
    name: "a signature is good in any workspace",
    file: "proto/signing.ts",
    text: "const name = encoder.encode(workspace);",
    replacement: "const name = encoder.encode(workspace.slice(0, 0));",
    breaks: "a signature is good in one workspace",
  },
  {
    name: "what a change came to is kept as what was signed",
    file: "server/core/sequencer.ts",
    text: "...isSame ? {} : { bytes },",
    replacement: "...isSame || bytes !== undefined ? {} : { bytes },",
    breaks: "a signed entry keeps the submission",
  },
  {
    name: "who signs is forgotten with the process",
    file: "server/core/room.ts",
    text: "record.participant, nowUs, record.signer);",
    replacement: "record.participant, nowUs);",
    breaks: "a session is resumed with the key that it began with",
  },
  {
    name: "who signs is forgotten with the second change",
    file: "server/core/state.ts",
    text: "before === undefined ? entry.signed?.signer : before.signer;",
    replacement: "entry.signed?.signer;",
    breaks: "a session's first entry says who signs all of them",
  },
  {
    name: "a client signs for the site after its own",
    file: "client/core/client.ts",
    text: "const head = signingHead({ workspace, session: this.#session, site: this.site });",
    replacement: "const head = signingHead({ workspace, session: this.#session, site: this.site + 1 });",
    breaks: "a change is signed for the session and site that it is sent in",
  },
  {
    name: "checkpoints do not say who signs",
    file: "server/format/checkpoint.ts",
    text: "const signing = sessions.filter(({ signer }) => signer !== undefined);",
    replacement:
      "const signing = sessions.filter(({ signer }) => signer === undefined && signer !== undefined);",
    breaks: "a state holds all that is needed to go on from it",
  },
];

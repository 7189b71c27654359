/**
 * Mutants of what blobs hold: the register, and the way of the bytes (section 4 of the design, and the protocol's blobs).
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const blobMutants: readonly Mutant[] = [
  {
    name: "a change does not wait for what it names",
    file: "server/core/room.ts",
    text: "const missing = submission.seq > this.#committedSeq(session) ? this.#missingOf(submission) : [];",
    replacement: "const missing = this.#missingOf(submission).slice(1);",
    breaks: "an entry names only what is in the log",
  },
  {
    name: "what is there counts, whatever length is said",
    file: "server/core/waiting_for_contents.ts",
    text: "content.hash === hash && content.bytes !== length);",
    replacement: "content.hash === hash && length === undefined);",
    breaks: "a blob is as long as it is said to be",
  },
  {
    name: "a change is not asked about again where another waits for the same",
    file: "server/core/waiting_for_contents.ts",
    text: "else if (others.length === 0) ready.push(submission);",
    replacement: "else if (others.length === 0 && ready.length === 0) ready.push(submission);",
    breaks: "every change is answered",
    survives: "two clients seldom name the same bytes at the same moment, before either is there",
  },
  {
    name: "bytes are sent after the change that names them",
    file: "client/core/client.ts",
    text: "if (content !== undefined) {\n      if (connection.uploading !== undefined) return;",
    replacement:
      "if (content !== undefined && inFlight !== undefined) {\n      if (connection.uploading !== undefined) return;",
    breaks: "what a change names goes ahead of it",
  },
  {
    name: "what is uploaded is never answered for",
    file: "server/core/core.ts",
    text: "connection.isStoring = false;\n",
    replacement: "",
    breaks: "an upload is answered, and the next one may follow",
  },
  {
    name: "bytes are let go of while their change waits",
    file: "client/core/own_contents.ts",
    text: "if (held !== undefined) kept.set(hash, held);",
    replacement: "if (held?.isStored === false && kept.size === 0) kept.set(hash, held);",
    breaks: "bytes are here until their change is settled",
  },
  {
    name: "another log is believed to have what this one had",
    file: "client/core/client.ts",
    text: "if (welcome.epoch !== this.#epoch) this.#contents.forgetAllStored();",
    replacement: "",
    breaks: "in another log nothing need be",
    survives:
      "a change that is refused since its bytes are not there has them uploaded again: this saves a round trip",
  },
  {
    name: "the earlier of two replacements wins",
    file: "ot/workspace.ts",
    text: "return { ...node, content: step.content };",
    replacement: 'return node.id === "0:0" ? { ...node, content: step.content } : node;',
    breaks: "the later replacement wins",
  },
  {
    name: "a blob that is replaced is not told of",
    file: "client/core/saved_workspace.ts",
    text: "a.executable === b.executable && sameContent(a.content, b.content));",
    replacement: "a.executable === b.executable && sameContent(a.content, a.content));",
    breaks: "a core is what it was after it has been saved and restored",
  },
  {
    name: "undo of a replacement keeps what replaced",
    file: "client/core/history.ts",
    text: "content: inverse.to });",
    replacement: "content: inverse.from });",
    breaks: "what is undone is as it was",
    survives: "nobody judges what blobs hold after an undo: tests of the SDK do",
  },
];

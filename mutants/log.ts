/**
 * Mutants of the log: what is stored, and what recovery makes of it (section 5 of the design).
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const logMutants: readonly Mutant[] = [
  {
    name: "a torn record is not cut off",
    file: "sim/log.ts",
    text: "file.records.pop();\n          file.synced = file.records.length;\n        }\n        file.tail",
    replacement: "}\n        file.tail",
    breaks: "a torn tail is cut off",
  },
  {
    name: "damage is taken for the end",
    file: "sim/log.ts",
    text: "durable: records[records.length - 1]?.expected ?? 0,",
    replacement: "durable: 0,",
    breaks: "damage inside the log is not a torn tail, and is never served",
  },
  {
    name: "the check of a row is not looked at",
    file: "server/format/tail.ts",
    text: "if (bytes.length < checkBytes || checkOf(bytes) !== this.#checkFor(bytes)) {",
    replacement: "if (bytes.length < checkBytes) {",
    breaks: "a flipped bit is detected, never served",
    museum: "kimberlite's canary: a wrong hash of the record before",
  },
  {
    name: "a block is not compared with the chain",
    file: "server/format/tail.ts",
    text: "if (this.#revision % blockEntries === 0 && !areEqual(reader.raw(chainBytes), this.#start)) {",
    replacement: "if (this.#revision % blockEntries === 0 && reader.raw(chainBytes).length === 0) {",
    breaks: "a lost or a forged entry is found at load",
  },
  {
    name: "the hash of a checkpoint is not looked at",
    file: "server/format/checkpoint.ts",
    text: "if (end < 0 || !areEqual(sha256(bytes.subarray(0, end)), bytes.subarray(end))) {",
    replacement: "if (end < 0) {",
    breaks: "a flipped bit is detected, never served",
  },
  {
    name: "a checkpoint does not say what can be executed",
    file: "server/format/checkpoint.ts",
    text: "(node.executable ? isExecutable : 0)",
    replacement: "0",
    breaks: "a checkpoint is the state of its revision",
  },
  {
    name: "a checkpoint that is damaged is the end",
    file: "server/format/recovery.ts",
    text: "passedOver.push(reasonOf(error));\n    }",
    replacement: "throw error;\n    }",
    breaks: "recovery falls back to the checkpoint before and the log",
  },
  {
    name: "recovery leaves out the first entry after a checkpoint",
    file: "server/format/recovery.ts",
    text: "for (const entry of some) if (entry.revision > revision) entries.push(entry);",
    replacement: "for (const entry of some) if (entry.revision > revision + 1) entries.push(entry);",
    breaks: "every acknowledged change is there after a start",
  },
  {
    name: "an append is answered before it is synced",
    file: "sim/log.ts",
    text: "file.synced = file.records.length;\n          this.#observer",
    replacement: "this.#observer",
    breaks: "an append is durable when it is answered",
    museum: "kimberlite's canary: one fsync is skipped",
  },
  {
    name: "an append does not look what it stands behind",
    file: "sim/log.ts",
    text: "if (headOf(file) !== expected) return",
    replacement: "if (headOf(file) < 0) return",
    breaks: "an append is stored if the log is at the revision that it expects",
  },
  {
    name: "an append in doubt is taken for one that failed",
    file: "sim/log.ts",
    text: "this.#doubting--;\n          done({ stored: false, won: won() });",
    replacement: "this.#doubting--;\n          done({ stored: false, won: [] });",
    breaks: "an append in doubt is settled by reading the log before anything else",
    survives: "the next append expects a revision that is not the newest, and is told what won",
  },
  {
    name: "what won is told with one entry too few",
    file: "sim/log.ts",
    text: "if (entry.revision > revision) result.push(entry);",
    replacement: "if (entry.revision > revision + 1) result.push(entry);",
    breaks: "an append that lost is told what won",
  },
  {
    name: "an old copy has the same epoch",
    file: "sim/log.ts",
    text: "file.epoch++;",
    replacement: "",
    breaks: "the epoch changes whenever the log may have lost acknowledged entries",
    museum: "share/sharedb#343: clients hold revisions that the log has not",
  },
  {
    name: "a reader does not wait for who writes",
    file: "sim/log.ts",
    text: "this.#inTurn(file, (done) => {\n      this",
    replacement: "((run: (done: () => void) => void) => run(() => {}))((done) => {\n      this",
    breaks: "what is read is there to stay",
  },
  {
    name: "the log in memory does not look what an append stands behind",
    file: "server/log.ts",
    text:
      "if (checkpoint.revision + held.length !== expected) return Promise.resolve({ stored: false, won });",
    replacement: "",
    breaks: "an append is stored if the log is at the revision that it expects",
    survives: "the laboratory has a log of its own: this one is tested with the live server",
  },
];

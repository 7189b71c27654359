/**
 * Mutants of the sequencer and the state: section 5 of the design.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const sequencingMutants: readonly Mutant[] = [
  {
    name: "the base itself is transformed over",
    file: "server/core/sequencer.ts",
    text: "while (first > 0 && history[first - 1]!.revision > revision) first--;",
    replacement: "while (first > 0 && history[first - 1]!.revision >= revision) first--;",
    breaks: "a change is transformed over exactly (base, head]",
    museum: "theopensystemslab/planx-new#6762",
  },
  {
    name: "the entry after the base is not transformed over",
    file: "server/core/sequencer.ts",
    text: "while (first > 0 && history[first - 1]!.revision > revision) first--;",
    replacement: "while (first > 0 && history[first - 1]!.revision > revision + 1) first--;",
    breaks: "a change is transformed over exactly (base, head]",
    museum: "theopensystemslab/planx-new#6762",
  },
  {
    name: "a change that is sent again is sequenced again",
    file: "server/core/sequencer.ts",
    text: "if (record !== undefined && seq <= record.last.seq) {",
    replacement: "if (record !== undefined && seq < record.last.seq) {",
    breaks: "a duplicate is answered as the first time",
    museum: "share/sharedb#178",
  },
  {
    name: "a session's last change is forgotten",
    file: "server/core/sequencer.ts",
    text: "const record = this.#head.sessions.get(session);",
    replacement: "const record = this.#durable.sessions.get(session);",
    breaks: "a duplicate is known as soon as the first is sequenced",
  },
  {
    name: "a change that is sent again is taken for another one",
    file: "server/core/sequencer.ts",
    text: "if (seq === record.last.seq && record.last.hash === submission.hash) {",
    replacement: "if (seq === record.last.seq && record.last.hash !== submission.hash) {",
    breaks: "a duplicate is known by session, seq and the hash of its payload",
  },
  {
    name: "another change under the same seq is taken for the same",
    file: "server/core/sequencer.ts",
    text: "if (seq === record.last.seq && record.last.hash === submission.hash) {",
    replacement: "if (seq === record.last.seq) {",
    breaks: "the same seq with another payload is session_forked",
    museum: "share/sharedb#470: an offline client goes by an old name again",
    survives:
      "an honest client never sends another change under a seq, unless its store was copied and both copies run: that is no fault of the laboratory",
  },
  {
    name: "a base may be in the future",
    file: "server/core/sequencer.ts",
    text: "if (base > this.#durable.revision) {",
    replacement: "if (base > this.#durable.revision + 1_000_000) {",
    breaks: "a base is never above the durable head",
  },
  {
    name: "a base may be older than one's own last change",
    file: "server/core/sequencer.ts",
    text: `if (record !== undefined && base < record.last.revision) return refused("change_in_flight");`,
    replacement: "",
    breaks: "a base is never below the session's own last committed revision",
  },
  {
    name: "edits need not be in normal form",
    file: "server/core/sequencer.ts",
    text: "if (!editsAreNormal(change.edits)) return",
    replacement: "if (change.edits.length > 1_000_000) return",
    breaks: "an operation that is not in normal form is refused",
    survives:
      "each edit is looked at once more before it is applied, and nobody in the laboratory sends two edits of one file",
  },
  {
    name: "edits are taken as they come",
    file: "server/core/sequencer.ts",
    text: "if (fault !== undefined) return refused(fault, [node]);",
    replacement: "",
    breaks: "an operation that would leave the document is refused whole",
  },
  {
    name: "a file may be as long as it likes",
    file: "server/core/sequencer.ts",
    text: "if (longer > 0 && text.length + longer > this.#settings.textLengthMax) {",
    replacement: "if (longer > this.#settings.textLengthMax) {",
    breaks: "documents have a limit",
  },
  {
    name: "a workspace may be as large as it likes",
    file: "server/core/sequencer.ts",
    text: "if (growth > 0 && workspace.textLength + growth > this.#settings.workspaceLengthMax) {",
    replacement: "if (growth > this.#settings.workspaceLengthMax) {",
    breaks: "workspaces have a limit",
  },
  {
    name: "there may be any number of nodes",
    file: "server/core/sequencer.ts",
    text: "if (created.size > 0 && workspace.size + created.size > this.#settings.nodesMax) {",
    replacement: "if (created.size > this.#settings.nodesMax) {",
    breaks: "nodes have a limit",
  },
  {
    name: "a change is half applied",
    file: "server/core/sequencer.ts",
    text:
      'if (longer > 0 && text.length + longer > this.#settings.textLengthMax) {\n        return refused("text_too_long", [node]);',
    replacement:
      "if (longer > 0 && text.length + longer > this.#settings.textLengthMax) {\n        continue;",
    breaks: "a change is atomic",
  },
  {
    name: "the clock of the log goes back",
    file: "server/core/sequencer.ts",
    text: "time: Math.max(this.#head.time, time),\n      session,",
    replacement: "time,\n      session,",
    breaks: "time is max(previous, now)",
    survives: "no server of the laboratory has a clock that goes back",
  },
  {
    name: "what was sequenced ahead stays in the histories",
    file: "server/core/sequencer.ts",
    text: "for (const { node } of entry.change.edits) this.#histories.get(node)!.pop();",
    replacement: "",
    breaks: "on failure the core drops all speculation",
  },
  {
    name: "what was sequenced ahead stays in the state",
    file: "server/core/sequencer.ts",
    text: "this.#head = this.#durable;\n  }\n\n  save",
    replacement: "}\n\n  save",
    breaks: "on failure the core drops all speculation",
  },
  {
    name: "the meant edits are logged",
    file: "server/core/sequencer.ts",
    text: "if (op.length > 0) edits.push({ node, op });",
    replacement:
      "if (op.length > 0) edits.push({ node, op: faultOf(meant, text) === undefined ? meant : op });",
    breaks: "the server transforms edits over the entries after the base",
  },
  {
    name: "the meant steps are logged",
    file: "server/core/sequencer.ts",
    text: "change: { steps: resolution.steps, edits },",
    replacement: "change: { steps: change.steps, edits },",
    breaks: "the log stores resolved steps",
  },
  {
    name: "sites are used again after a restart",
    file: "server/core/state.ts",
    text: "Math.max(this.sites, entry.sites),",
    replacement: "entry.sites,",
    breaks: "a site is never reused",
  },
  {
    name: "the counter of a session forgets what came before",
    file: "server/core/state.ts",
    text: "const counter = Math.max(before?.counter ?? 0, highestCounter(entry));",
    replacement: "const counter = highestCounter(entry);",
    breaks: "the welcome states the highest node counter seen from a session",
    survives: "a client counts its own ids, and keeps the count with its unsent work",
  },
  {
    name: "tombstones do not count as ids",
    file: "server/core/state.ts",
    text: `: step.kind === "remove" ? step.tombstone : undefined;`,
    replacement: ": undefined;",
    breaks: "the welcome states the highest node counter seen from a session",
    survives: "a client counts its own ids, and keeps the count with its unsent work",
  },
  {
    name: "people wait for machines",
    file: "server/core/submission_queue.ts",
    text: "return this.#people.shift() ?? this.#machines.shift();",
    replacement: "return this.#machines.shift() ?? this.#people.shift();",
    breaks: "people's submissions fill the next append first",
  },
  {
    name: "machines may starve",
    file: "server/core/submission_queue.ts",
    text: "if (index % 8 === 7) return this.#machines.shift() ?? this.#people.shift();",
    replacement: "",
    breaks: "agents get at least one place in eight",
    survives: "it takes eight submissions in the queue at one time, and each client has one in flight",
  },
  {
    name: "everybody may change as often as they like",
    file: "server/core/session.ts",
    text: "return credit >= cost;",
    replacement: "return true;",
    breaks: "changes per second are limited, by kind",
    survives: "no judge counts changes by time",
  },
  {
    name: "credit grows without limit",
    file: "server/core/session.ts",
    text: "const credit = Math.min(creditUsMax, this.#creditUs + Math.max(0, nowUs - this.#creditAtUs));",
    replacement: "const credit = this.#creditUs + Math.max(0, nowUs - this.#creditAtUs);",
    breaks: "twice as many changes as in a second may come at once, no more",
    survives: "no judge counts changes by time",
  },
];

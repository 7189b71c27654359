/**
 * Mutants of tasks and of conditions.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const taskMutants: readonly Mutant[] = [
  {
    name: "conditions are not looked at again after speculation was dropped",
    file: "server/core/room.ts",
    text: "    this.#queue.putBack(again);",
    replacement: "    this.#queue.putBack(again.map(({ conditions: _, ...rest }) => rest));",
    breaks: "a change that is sequenced again is checked anew",
  },
  {
    name: "conditions are held against what is durable",
    file: "server/core/sequencer.ts",
    text: "const edit = this.#histories.get(node)?.findLast((past) => past.site !== site)?.revision ?? 0;",
    replacement: "const edit = this.#histories.get(node)?.findLast((past) => past.site !== site && " +
      "past.revision <= this.#durable.revision)?.revision ?? 0;",
    breaks: "conditions are looked at on the state that the change is applied to",
  },
  {
    name: "a change with conditions is done all the same",
    file: "server/core/sequencer.ts",
    text: "    if (broken.length === 0) return undefined;",
    replacement: "    if (broken.length < 2) return undefined;",
    breaks: "a change is refused if one condition does not hold",
  },
  {
    name: "what leaves a directory does not change what it holds",
    file: "server/core/touches.ts",
    text: '      add("content", before.node(node)?.parent);\n',
    replacement: "",
    breaks: "a directory is not as it was where something was taken out of it",
  },
  {
    name: "a path does not change with the directories above it",
    file: "server/core/conditions.ts",
    text: "movedAt: Math.max(above.movedAt, ground.movedAt(at)),",
    replacement: "movedAt: ground.movedAt(at),",
    breaks: "a path is not as it was where a directory above has another name or place",
    by: "laws",
  },
  {
    name: "an edit is apart from others though it met one before it was sent",
    file: "client/core/pending.ts",
    text: "return overlap(own, other) ? condition : { ...condition, since: revision };",
    replacement: "return { ...condition, since: revision };",
    breaks: "what is to be apart from others' edits is refused where it meets one, on whichever side",
    by: "laws",
  },
  {
    name: "an edit is apart from others unless it meets the newest",
    file: "server/core/sequencer.ts",
    text: "if (past.site !== site && overlap(op, past.op)) met = past.revision;",
    replacement: "met = past.site !== site && overlap(op, past.op) ? past.revision : 0;",
    breaks: "what is to be apart from others' edits is held against each of them",
    by: "laws",
  },
  {
    name: "edits of two tasks are composed",
    file: "client/core/grouping.ts",
    text: "isSameTask = task === this.#task;",
    replacement: "isSameTask = true;",
    breaks: "only plain edits of one task are composed",
  },
  {
    name: "a change that waits has no task any more, once restored",
    file: "client/core/replica.ts",
    text:
      "      ...{ made: made.slice(), change, resolved, atomic, group, level: at, bytes, undoes: taken },\n" +
      "      ...beside(task, conditions),",
    replacement:
      "      ...{ made: made.slice(), change, resolved, atomic, group, level: at, bytes, undoes: taken },\n" +
      "      ...beside(undefined, conditions),",
    breaks: "between two inputs a core is its saved state",
  },
  {
    name: "what is doubtful is forgotten when the append is stored",
    file: "server/core/room.ts",
    text: "    this.#queue.putBack(this.#doubtful.map(({ submission }) => submission));\n",
    replacement: "",
    breaks: "every change is answered",
  },
];

/**
 * What a client is told when it asks about the past: every question is answered, and what files said at a revision is
 * what the log says they said.
 *
 * @module
 */

import type { ClientEvent, ClientInput } from "../../client/core/mod.ts";
import type { NodeId } from "../../ot/mod.ts";
import type { Query } from "../../proto/mod.ts";
import { Failure } from "./failure.ts";
import type { Reference } from "./reference.ts";

interface Asked {
  readonly query: Query;
  readonly texts: Map<NodeId, string>;
}

export class Past {
  readonly #asked = new Map<number, Asked>();

  constructor(readonly name: string) {}

  /** @param isJudged whether the log is what it was when the question was asked. */
  stepped(
    input: ClientInput,
    events: readonly ClientEvent[],
    reference: Reference,
    isJudged: boolean,
    sees: (id: NodeId, revision: number) => boolean,
  ): void {
    if (input.kind === "ask") this.#asked.set(input.query.id, { query: input.query, texts: new Map() });
    for (const event of events) {
      if (event.kind !== "answer") continue;
      const { id, items, last, next, code, revision } = event.answer;
      const asked = this.#asked.get(id);
      if (asked === undefined) {
        throw new Failure("time_travel", "an answer to what nobody asked", `${id} of ${this.name}`);
      }
      for (const item of items) {
        if (item.kind !== "content") continue;
        asked.texts.set(item.id, (asked.texts.get(item.id) ?? "") + item.text);
      }
      if (!last) continue;
      this.#asked.delete(id);
      if (code !== "" || !isJudged || asked.query.question.kind !== "files") continue;
      this.#judge(asked, revision, next === "", reference, sees);
    }
  }

  #judge(
    { query, texts }: Asked,
    revision: number,
    isWhole: boolean,
    reference: Reference,
    sees: (id: NodeId, revision: number) => boolean,
  ): void {
    const wanted = query.at.revision;
    if (wanted !== 0 && revision !== wanted) {
      throw new Failure("time_travel", "an answer is about another revision", `${wanted}`, revision);
    }
    if (revision < reference.oldest) return;
    for (const id of reference.ids()) {
      const isThere = reference.node(id, revision)?.kind === "text" && reference.isLive(id, revision) &&
        sees(id, revision);
      if (!isWhole && !texts.has(id)) continue;
      const told = texts.get(id), expected = isThere ? reference.text(id, revision) : undefined;
      if (told === expected) continue;
      throw new Failure("time_travel", "a file was not what it is said to have been", id, revision);
    }
  }

  /** At the end, when all is quiet. */
  judge(): void {
    for (const id of this.#asked.keys()) {
      throw new Failure("liveness", "a question was never answered", `${id} of ${this.name}`);
    }
  }
}

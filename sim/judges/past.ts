/**
 * What a client is told when it asks about the past: every question is answered, what files said at a revision is what
 * the log says they said, and the bytes of a blob are those of its hash.
 *
 * @module
 */

import type { ClientEvent, ClientInput } from "../../client/core/mod.ts";
import type { NodeId } from "../../ot/mod.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { type NodeItem, type Query, toHex } from "../../proto/mod.ts";
import { Failure } from "./failure.ts";
import type { Reference } from "./reference.ts";

/** What is asked about. */
interface Log {
  readonly reference: Reference;
  /** Whether it has ever lost entries. */
  readonly lost: boolean;
  /** Whether something in it has ever been damaged when it was read. */
  readonly wasUnreadable: boolean;
}

interface Asked {
  readonly query: Query;
  readonly texts: Map<NodeId, string>;
  readonly nodes: NodeItem[];
  readonly bytes: number[];
}

export class Past {
  readonly #asked = new Map<number, Asked>();

  constructor(readonly name: string) {}

  stepped(
    input: ClientInput,
    events: readonly ClientEvent[],
    { reference, lost, wasUnreadable }: Log,
    sees: (id: NodeId, revision: number) => boolean,
  ): void {
    if (input.kind === "ask") {
      this.#asked.set(input.query.id, { query: input.query, texts: new Map(), nodes: [], bytes: [] });
    }
    for (const event of events) {
      if (event.kind !== "answer") continue;
      const { id, items, last, next, code, revision } = event.answer;
      const asked = this.#asked.get(id);
      if (asked === undefined) {
        throw new Failure("time_travel", "an answer to what nobody asked", `${id} of ${this.name}`);
      }
      for (const item of items) {
        if (item.kind === "bytes") asked.bytes.push(...item.bytes);
        if (item.kind === "node") asked.nodes.push(item);
        if (item.kind !== "content") continue;
        asked.texts.set(item.id, (asked.texts.get(item.id) ?? "") + item.text);
      }
      if (!last) continue;
      this.#asked.delete(id);
      // It is not what it was when the question was asked.
      if (lost) continue;
      if (code === "log_unreadable") {
        if (wasUnreadable) continue;
        throw new Failure(
          "durability",
          "a log is said to be unreadable that nothing is wrong with",
          this.name,
        );
      }
      const { question } = asked.query;
      if (code === "" && revision >= reference.oldest) this.#judgeNodes(asked.nodes, revision, reference);
      if (question.kind === "blob") this.#judgeBytes(asked.bytes, question.hash, code, revision);
      if (code === "" && question.kind === "files") {
        this.#judge(asked, revision, next === "", reference, sees);
      }
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

  #judgeNodes(nodes: readonly NodeItem[], revision: number, reference: Reference): void {
    for (const { id, type, executable = false } of nodes) {
      const expected = reference.node(id, revision);
      if (type === expected?.kind && executable === expected.executable) continue;
      throw new Failure("time_travel", "a node was not what it is said to have been", id, revision);
    }
  }

  /** Whoever asks has seen a blob with it: so it is there. */
  #judgeBytes(bytes: readonly number[], hash: string, code: string, revision: number): void {
    if (code === "content_missing") {
      throw new Failure("durability", "what a blob holds is not there", `${hash}: ${code}`, revision);
    }
    if (code === "" && toHex(sha256(Uint8Array.from(bytes))) !== hash) {
      throw new Failure("time_travel", "what a blob holds is not what it is said to be", hash, revision);
    }
  }

  /** At the end, when all is quiet. */
  judge(): void {
    for (const id of this.#asked.keys()) {
      throw new Failure("liveness", "a question was never answered", `${id} of ${this.name}`);
    }
  }
}

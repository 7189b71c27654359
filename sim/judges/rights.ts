/**
 * Nobody ever receives or changes what their token does not cover. What is received is read from the bytes on each
 * connection, and held against the log as the reference knows it; what is changed is read from the log.
 *
 * @module
 */

import { inflateSync } from "fflate/browser";
import type { NodeId } from "../../ot/mod.ts";
import type { Grant, LogEntry } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import { idIn, idOf, numberOf, partsOf, textOf } from "./fields.ts";
import { covers, type Layers, pathOf, sees, seesDirectory } from "./paths.ts";
import type { Reference } from "./reference.ts";
import { Cutter } from "./wire.ts";

/** Types of frames, by number. */
const type = {
  operation: 1,
  sync: 2,
  hello: 5,
  welcome: 6,
  acknowledge: 7,
  entry: 9,
  presence: 10,
  answer: 15,
  adminHello: 21,
  adminAnswer: 23,
};

/** What somebody is told who may not be told anything any more. */
const tells: readonly number[] = [
  type.sync,
  type.welcome,
  type.entry,
  type.presence,
  type.answer,
  type.adminAnswer,
];

/** Under which grants each change has been sent, over all connections. */
export class SentUnder {
  readonly #grants = new Map<string, Set<Grant>>();

  add(session: string, seq: number, grant: Grant): void {
    const key = `${session} ${seq}`, grants = this.#grants.get(key) ?? new Set();
    grants.add(grant);
    this.#grants.set(key, grants);
  }

  of(session: string, seq: number): readonly Grant[] {
    return [...this.#grants.get(`${session} ${seq}`) ?? []];
  }
}

/** One connection. */
export class RightsJudge {
  readonly #up = new Cutter();
  readonly #down = new Cutter();
  #grant: Grant | undefined;
  /** As the welcome names it; before that, the one that would begin here. */
  #session: string;
  #site = 0;
  /** The file that it has said last to be in. */
  #place: NodeId | undefined;

  constructor(
    readonly name: string,
    readonly reference: () => Reference,
    readonly sent: SentUnder,
    readonly grantOf: (token: string) => Grant | undefined,
    /** Whether a grant is good for nothing any more, as its server knows. */
    readonly hasEnded: (grant: Grant) => boolean,
    /** The session that begins here, if one does. */
    key: string,
  ) {
    this.#session = key;
  }

  saidByClient(bytes: Uint8Array): void {
    this.#up.push(bytes, (kind, payload) => {
      if (kind === type.hello || kind === type.adminHello) this.#grant ??= this.grantOf(textOf(payload, 11));
      else if (kind === type.presence) this.#place = partsOf(payload, 4).map(idOf)[0];
      else if (kind === type.operation && this.#grant !== undefined) {
        this.sent.add(this.#session, numberOf(payload, 1), this.#grant);
      }
    });
  }

  saidByServer(bytes: Uint8Array): void {
    this.#down.push(bytes, (kind, payload) => {
      if (!tells.includes(kind) && kind !== type.acknowledge) return;
      const grant = this.#grant;
      if (grant === undefined) {
        throw new Failure(
          "rights",
          "somebody without a token is told something",
          `${this.name}, type ${kind}`,
        );
      }
      if (tells.includes(kind) && this.hasEnded(grant)) {
        throw new Failure(
          "rights",
          "somebody is told something whose token has ended",
          `${this.name}, ${kind}`,
        );
      }
      if (kind === type.welcome) {
        this.#session = textOf(payload, 2);
        this.#site = numberOf(payload, 3);
      } else if (kind === type.answer) this.#answer(payload, grant.capabilities);
      else if (kind === type.adminAnswer) this.#looksAfter(grant);
      else this.#told(kind, payload, grant.capabilities);
    });
  }

  /** Nobody is answered who does not look after the server by every statement of their token. */
  #looksAfter({ capabilities }: Grant): void {
    if (capabilities.every((layer) => layer.includes("admin"))) return;
    this.#wrong("is answered as an administrator who is none", JSON.stringify(capabilities));
  }

  /** Nodes that are spoken of were in sight at the revision that it is about. */
  #told(kind: number, payload: Uint8Array, layers: Layers): void {
    const revision = numberOf(
      payload,
      kind === type.entry || kind === type.sync ? 1 : kind === type.presence ? 5 : 2,
    );
    const reference = this.reference();
    if (revision < reference.oldest) return;
    const look = (id: NodeId, at = revision) => {
      if (!sees(layers, id, reference, at)) this.#wrong("is told of a node out of sight", id, revision);
    };
    switch (kind) {
      case type.sync: {
        const [packed] = partsOf(payload, 6);
        const piece = packed === undefined ? payload : inflateSync(packed);
        for (const node of partsOf(piece, 2)) look(idIn(node, 1));
        for (const content of partsOf(piece, 3)) {
          // Who asks for a file is told its id again, and nothing else if there is none.
          const isNothing = numberOf(payload, 16) === 1 &&
            partsOf(content, 2).every(({ length }) => length === 0);
          if (!isNothing) look(idIn(content, 1));
        }
        return;
      }
      case type.presence:
        for (const id of partsOf(payload, 4)) look(idOf(id));
        // To be asked where one is says that the file is there which one has said to be in.
        if (numberOf(payload, 1) === this.#site && this.#place !== undefined) {
          look(this.#place, reference.revision);
        }
        return;
      case type.acknowledge:
        for (const step of partsOf(payload, 4)) this.#step(step, revision, look);
        return;
      case type.entry:
        for (const change of partsOf(payload, 5)) {
          for (const step of partsOf(change, 1)) this.#step(step, revision, look);
          for (const edit of partsOf(change, 2)) look(idIn(edit, 1));
        }
        for (const left of partsOf(payload, 20)) {
          const id = idOf(left);
          if (sees(layers, id, reference, revision - 1)) continue;
          this.#wrong("is told that a node has left which was never in sight", id, revision);
        }
    }
  }

  #step(step: Uint8Array, revision: number, look: (id: NodeId, at?: number) => void): void {
    // What is forgotten was there until then.
    const isForgotten = partsOf(step, 8).length > 0;
    look(idIn(step, 1), isForgotten ? revision - 1 : revision);
    for (const create of partsOf(step, 2)) look(idIn(create, 1));
    for (const move of partsOf(step, 3)) look(idIn(move, 1));
  }

  /** All paths in an answer are covered, whatever they were at other times. */
  #answer(payload: Uint8Array, layers: Layers): void {
    for (const item of partsOf(payload, 3)) {
      // The number of each kind of item, and in which of its fields there are paths.
      for (const [kind, fields] of [[1, [2]], [2, [2]], [3, [2, 3]], [4, [2, 3]], [6, [1]]] as const) {
        for (const one of partsOf(item, kind)) {
          const isDirectory = kind === 1 && numberOf(one, 3) === 1;
          for (const field of fields) {
            const path = new TextPath(one, field).names;
            if (path.length === 0) continue;
            if (isDirectory ? seesDirectory(layers, path) : covers(layers, "read", path)) continue;
            this.#wrong("is answered with a path out of sight", path.join("/"));
          }
        }
      }
    }
  }

  #wrong(breach: string, detail: string, revision?: number): never {
    throw new Failure("rights", `somebody ${breach}`, `${this.name}: ${detail}`, revision);
  }
}

/** An entry does nothing that all the grants of its author did not allow. */
export function judgeRights(entry: LogEntry, grants: readonly Grant[], reference: Reference): void {
  if (entry.session === "") return;
  const faults = grants.map(({ capabilities }) => faultOf(entry, capabilities, reference));
  if (faults.length > 0 && faults.includes(undefined)) return;
  throw new Failure(
    "rights",
    "somebody changes what their token does not cover",
    `seq ${entry.seq} of site ${entry.site}: ${faults.join(", ") || "no token"}`,
    entry.revision,
  );
}

function faultOf({ revision, change }: LogEntry, layers: Layers, reference: Reference): string | undefined {
  const isCovered = (kind: "edit" | "tree", id: NodeId, at: number) => {
    const path = pathOf(id, reference, at);
    return path === undefined || covers(layers, kind, path);
  };
  const isWhollyCovered = (id: NodeId, at: number) =>
    [...reference.ids()].every((other) => !isIn(other, id, reference, at) || isCovered("tree", other, at));
  for (const { node, kind } of change.steps) {
    if (kind === "replace" || kind === "mode") continue;
    for (const at of [revision - 1, revision]) {
      if (reference.node(node, at) !== undefined && !isWhollyCovered(node, at)) return `${node} at ${at}`;
    }
  }
  const filled = change.steps.filter((step) => "content" in step || "executable" in step);
  for (const { node } of [...change.edits, ...filled]) {
    for (const at of [revision - 1, revision]) {
      if (!isCovered("edit", node, at)) return `the text of ${node} at ${at}`;
    }
  }
}

/** Whether a node is another one, or in it. */
function isIn(id: NodeId, directory: NodeId, reference: Reference, revision: number): boolean {
  for (let at = id; at !== "0:0";) {
    if (at === directory) return true;
    const node = reference.node(at, revision);
    if (node === undefined) return false;
    at = node.parent;
  }
  return false;
}

/** A path that stands in a message in UTF-8. */
class TextPath {
  readonly names: readonly string[];

  constructor(message: Uint8Array, field: number) {
    const [bytes] = partsOf(message, field);
    let text = "";
    for (const byte of bytes ?? []) text += `%${byte.toString(16).padStart(2, "0")}`;
    this.names = text === "" ? [] : decodeURIComponent(text).split("/");
  }
}

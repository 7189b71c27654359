/**
 * Rules that every entry of the log keeps, by whatever door its change came: bases, limits, normal form, ids, names,
 * where things land, and who waits for whom.
 *
 * @module
 */

import { defaultSettings, type LogEntry, type Settings } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import type { Reference } from "./reference.ts";

export class Rules {
  readonly #settings: Settings;
  /** The newest entry of each session. */
  readonly #last = new Map<string, number>();
  /** What kind of participant each session is. */
  readonly #kinds = new Map<string, string>();
  /** Ids of nodes and of removals. */
  readonly #ids = new Set<string>();
  /** When each node was removed last. */
  readonly #removed = new Map<string, { readonly revision: number; readonly timeMs: number }>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** An entry is about to follow; `base` is what its author had seen. */
  before(entry: LogEntry, base: number): void {
    const { revision, session, site, change } = entry;
    if (base >= revision) {
      throw new Failure(
        "causality",
        "an entry is made on a revision that was not there",
        `${base}`,
        revision,
      );
    }
    const last = this.#last.get(session) ?? 0;
    if (base < last) {
      throw new Failure(
        "order",
        "a change is made on a base before its author's last change",
        `${base} is before ${last}`,
        revision,
      );
    }
    for (const minted of mintedIn(entry)) {
      if (this.#ids.has(minted)) throw new Failure("tree", "an id is used twice", minted, revision);
      if (!minted.startsWith(`${site}:`)) {
        throw new Failure("isolation", "an id is of somebody else", `${minted}, by site ${site}`, revision);
      }
    }
    for (const step of change.steps) {
      if ((step.kind === "create" || step.kind === "rename") && !isName(step.name)) {
        throw new Failure("tree", "a name is none", JSON.stringify(step.name), revision);
      }
    }
    judgeForm(entry);
    this.learn(entry);
  }

  /** What later entries are held against. */
  learn(entry: LogEntry): void {
    const { revision, session, author } = entry;
    this.#last.set(session, revision);
    if (author !== undefined) this.#kinds.set(session, author.kind);
    for (const minted of mintedIn(entry)) this.#ids.add(minted);
    for (const { kind, node } of entry.change.steps) {
      if (kind === "remove") this.#removed.set(node, { revision, timeMs: entry.time });
    }
  }

  /**
   * The server is about to forget nodes: they are removed, for long enough, and everybody who is here has been told.
   *
   * @param sent up to where the one who is furthest behind has been sent what there is.
   */
  forgetting({ revision, time, change: { steps } }: LogEntry, reference: Reference, sent: number): void {
    const { removedUs, nodesMax, workspaceLengthMax } = this.#settings;
    // Where changes find no room, what is removed may have to make some.
    const isTight = nodesMax < defaultSettings.nodesMax ||
      workspaceLengthMax < defaultSettings.workspaceLengthMax;
    const nodes = steps.map(({ node }) => node);
    for (const [i, { kind, node }] of steps.entries()) {
      if (kind !== "forget" || reference.node(node)?.tombstone === undefined) {
        throw new Failure(
          "tree",
          "the server does away with what is not removed",
          `${kind} ${node}`,
          revision,
        );
      }
      // What is in something else that goes has to go with it.
      if (nodes.some((other, j) => i !== j && reference.isWithin(node, other))) continue;
      const removed = this.#removed.get(node)!;
      if (removed.revision > sent) {
        const detail = `${node}, removed in ${removed.revision}; somebody has been sent ${sent}`;
        throw new Failure(
          "nothing_lost",
          "a node is forgotten before all know that it is removed",
          detail,
          revision,
        );
      }
      if (!isTight && time - removed.timeMs < removedUs / 1000) {
        throw new Failure("nothing_lost", "a node is forgotten before its time", node, revision);
      }
    }
  }

  /** An entry has been applied to the reference. */
  after(entry: LogEntry, reference: Reference): void {
    const { revision, change: { steps, edits } } = entry;
    const { textLengthMax, workspaceLengthMax, nodesMax, blobBytesMax } = this.#settings;
    for (const step of steps) {
      if ("content" in step && step.content !== undefined && step.content.bytes > blobBytesMax) {
        throw new Failure("bounds", "a blob is longer than it may be", `${step.content.bytes}`, revision);
      }
    }
    for (const { node } of edits) {
      const { length } = reference.paper(node);
      // What was there before may be as long as it likes; what makes it longer may not.
      const before = reference.paper(node, revision - 1).length;
      if (length > textLengthMax && length > before) {
        throw new Failure("bounds", "a text is longer than it may be", `${node} has ${length}`, revision);
      }
    }
    const { nodes, length, grew } = reference.sizes();
    if (length > workspaceLengthMax && grew) {
      throw new Failure("bounds", "a workspace is longer than it may be", `${length}`, revision);
    }
    if (nodes > nodesMax && steps.some(({ kind }) => kind === "create")) {
      throw new Failure("bounds", "there are more nodes than there may be", `${nodes}`, revision);
    }
    if (steps.some(({ kind }) => kind === "remove")) return;
    for (const { kind, node } of steps) {
      if (kind === "rename" || kind === "replace" || kind === "mode" || kind === "forget") continue;
      if (reference.node(node)!.tombstone !== undefined) continue;
      if (!reference.isLive(node)) {
        throw new Failure("tree", "something lands in a removed directory", `${kind} of ${node}`, revision);
      }
    }
  }

  /** People go first, and every eighth place is a machine's: so it is in what goes to the log at once. */
  together(entries: readonly LogEntry[]): void {
    const isPerson = (entry: LogEntry | undefined) => this.#kinds.get(entry?.session ?? "") === "human";
    let lastPerson = -1, lastMachine = -1;
    entries.forEach(({ session }, index) => {
      if (session === "") return;
      if (isPerson(entries[index])) lastPerson = index;
      else lastMachine = index;
    });
    entries.forEach((entry, index) => {
      if (entry.session === "") return;
      const person = isPerson(entry), turn = index % 8 === 7;
      if (!person && !turn && index < lastPerson) {
        throw new Failure("liveness", "somebody waits for a machine", `place ${index}`, entry.revision);
      }
      if (person && turn && index < lastMachine) {
        throw new Failure("liveness", "a machine is never served", `place ${index}`, entry.revision);
      }
    });
  }
}

/** The ids of nodes and removals that an entry brings. */
function* mintedIn({ change }: LogEntry): Generator<string> {
  for (const step of change.steps) {
    if (step.kind === "create") yield step.node;
    else if (step.kind === "remove") yield step.tombstone;
  }
}

/** Edits and splices in order, none empty, none touching the next. */
function judgeForm({ revision, change: { edits } }: LogEntry): void {
  const wrong = (what: string) => {
    throw new Failure("fold", "an entry is not in normal form", what, revision);
  };
  const seen = new Set<string>();
  for (const { node, op } of edits) {
    if (seen.has(node)) wrong(`two edits of ${node}`);
    seen.add(node);
    let end = -1;
    for (const { at, remove, insert } of op) {
      if (remove === 0 && insert === "") wrong("an empty splice");
      if (at <= end) wrong("splices touch, or are out of order");
      end = at + remove;
    }
  }
}

function isName(name: string): boolean {
  if (name === "" || name === "." || name === "..") return false;
  let bytes = 0;
  for (let i = 0; i < name.length; i++) {
    const code = name.codePointAt(i)!;
    if (code > 0xffff) i++;
    if (code < 0x20 || code === 0x2f || (code >= 0x7f && code < 0xa0)) return false;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes <= 255;
}

/**
 * All judges of a run: what they are told, and what they are asked in the end.
 *
 * @module
 */

import type { ClientEvent, ClientInput, ClientOutput } from "../../client/core/mod.ts";
import type { Change, Edit, NodeId, Workspace } from "../../ot/mod.ts";
import type { LogEntry, Settings } from "../../server/core/mod.ts";
import type { ClientHost } from "../client_host.ts";
import { Answers, type DeedMeaning } from "./answers.ts";
import { judgeDemand } from "./conditions.ts";
import { Characters, hostile, type Owner } from "./characters.ts";
import { Failure } from "./failure.ts";
import { judgeModes } from "./modes.ts";
import { Past } from "./past.ts";
import { sees } from "./paths.ts";
import { Reference } from "./reference.ts";
import { Replica } from "./replicas.ts";
import { ClientSilence } from "./silence.ts";
import { Rules } from "./rules.ts";
import { judgeDerived, judgeSigned } from "./signatures.ts";
import { type Durable, Submitted } from "./wire.ts";

/** How many revisions back the reference knows what stood there. */
const remembered = 4000;

/** One workspace, as the judges see it. */
export class WorkspaceJudge implements Durable {
  reference = new Reference();
  readonly characters: Characters;
  readonly submitted = new Submitted();
  #rules: Rules;
  /** Who is behind each session. */
  readonly owners = new Map<string, Owner>();
  /** Whether the log has ever lost entries. */
  lost = false;
  /** Whether something in the log has ever been damaged when it was read. */
  wasUnreadable = false;
  /** Values that were handed out earlier: they must not have changed since. */
  readonly #memories: {
    readonly revision: number;
    readonly workspace: Workspace;
    /** Files whose texts were not loaded. */
    readonly closed: ReadonlySet<NodeId>;
  }[] = [];
  #seqs = new Map<string, number>();
  #timeMs = 0;

  readonly #name: string;
  readonly #settings: Settings;

  constructor(name: string, settings: Settings, unique: boolean) {
    this.#name = name;
    this.#settings = settings;
    this.#rules = new Rules(settings);
    this.characters = new Characters(unique);
  }

  get revision(): number {
    return this.reference.revision;
  }

  /** Whether changes are taken only from those who sign. */
  get needsSignatures(): boolean {
    return this.#settings.signaturesRequired === true;
  }

  entry(revision: number): LogEntry {
    return this.reference.entries[revision - 1]!;
  }

  /**
   * Entries have become durable.
   *
   * @param sent up to where the one who is furthest behind has been sent what there is.
   */
  stored(entries: readonly LogEntry[], sent: () => number): void {
    for (const entry of entries) {
      this.#judgePlace(entry);
      if (entry.session === "" && entry.change.steps.length > 0) {
        this.#rules.forgetting(entry, this.reference, sent());
        this.characters.forgotten(entry, this.reference);
      }
      const modes = this.submitted.modesOf(entry);
      if (entry.session !== "") {
        const owner = this.owners.get(entry.session);
        const base = this.submitted.baseOf(entry);
        if (owner === undefined || base === undefined) {
          throw new Failure(
            "nothing_invented",
            "an entry is of a change that nobody sent",
            `seq ${entry.seq}`,
            entry.revision,
          );
        }
        this.#rules.before(entry, base);
        const demand = this.submitted.demandOf(entry);
        if (demand !== undefined) judgeDemand(entry, demand, base, this.reference);
        this.characters.stored(entry, owner, base, this.reference);
        judgeSigned(entry, {
          workspace: this.#name,
          key: this.submitted.keyOf(entry.session),
          sent: this.submitted.signedOf(entry),
          isFirst: entry.author !== undefined,
        });
        this.submitted.stored(entry);
      }
      this.reference.apply(entry);
      this.#rules.after(entry, this.reference);
      judgeModes(entry, modes, this.reference);
    }
    this.#rules.together(entries);
    if (this.revision % 1000 < entries.length && this.revision > remembered) {
      this.reference.forget(this.revision - remembered);
    }
  }

  /** The log has lost everything after `revision`. */
  reset(revision: number): void {
    const left = this.reference.entries.slice(0, revision);
    this.reference = new Reference();
    this.#seqs = new Map();
    this.#rules = new Rules(this.#settings);
    this.#timeMs = 0;
    this.#memories.length = 0;
    for (const entry of left) {
      this.#judgePlace(entry);
      this.#rules.learn(entry);
      this.reference.apply(entry);
    }
    this.submitted.reset(left);
    this.characters.recount([...this.reference.ids()].map((id) => this.reference.text(id)));
    this.lost = true;
  }

  /** Whether all changes after `revision` are of one session, and the server has not forgotten anything. */
  isOnlyBy(site: number, revision: number): boolean {
    return this.reference.entries.slice(revision).every((entry) =>
      entry.site === site || (entry.site === 0 && entry.change.steps.length === 0)
    );
  }

  /** Keeps what a client has, to look at it again much later. */
  remember(revision: number, workspace: Workspace, isLoaded: (node: NodeId) => boolean): void {
    if (this.#memories.length >= 8) return;
    const closed = new Set<NodeId>();
    for (const { id } of workspace.nodes()) if (!isLoaded(id)) closed.add(id);
    this.#memories.push({ revision, workspace, closed });
  }

  /** All that is signed follows from what was signed, from the beginning of the log on. */
  judgeSignatures(): void {
    judgeDerived(this.reference.entries);
  }

  /** The workspace at a revision is what it was then, whenever one looks at it. */
  judgeMemories(): void {
    for (const { revision, workspace, closed } of this.#memories) {
      if (revision < this.reference.oldest) continue;
      for (const id of this.reference.ids()) {
        const expected = closed.has(id) ? "" : this.reference.text(id, revision);
        if (workspace.node(id) === undefined || workspace.text(id).toString() === expected) continue;
        throw new Failure("time_travel", "a state that was handed out has changed", id, revision);
      }
    }
  }

  /** Revisions without a gap, time that does not go back, each session's changes once and in their order. */
  #judgePlace({ revision, time, session, seq }: LogEntry): void {
    if (revision !== this.revision + 1) {
      throw new Failure("order", "the log has a gap", `${revision} after ${this.revision}`, revision);
    }
    if (time < this.#timeMs) {
      throw new Failure("order", "an entry is older than the one before", "", revision);
    }
    this.#timeMs = time;
    if (session === "") return;
    const last = this.#seqs.get(session) ?? 0;
    if (seq <= last) {
      throw new Failure(
        "exactly_once",
        "a change is in the log again, or out of order",
        `seq ${seq} after ${last}`,
        revision,
      );
    }
    this.#seqs.set(session, seq);
  }
}

/** One client, as the judges see it. */
export class ClientJudge {
  #answers: Answers;
  #replica: Replica;
  #past: Past;
  #silence: ClientSilence;
  /** What earlier runs of it were told. */
  readonly #earlier = new Map<string, Answers>();
  /** What it has is of a log that is gone. */
  #isStale = false;
  /** And so is its connection, whatever it believes of it. */
  #isOld = false;
  #lives = 0;
  /** Whether what its next run starts with may be too old to be understood. */
  #mayRecover = false;
  #steps = 0;
  readonly #seesNode = (id: NodeId, revision: number) => this.#sees(id, revision);
  readonly #entryAt = (revision: number) =>
    revision <= this.workspace.revision ? this.workspace.entry(revision) : undefined;

  constructor(readonly host: ClientHost, readonly workspace: WorkspaceJudge) {
    this.#answers = new Answers(host.name, false, false, this.#isUnsigned);
    this.#past = new Past(host.name);
    this.#silence = new ClientSilence(host.name);
    this.#replica = new Replica(host.name, workspace.characters, this.#seesNode);
  }

  get #life(): string {
    return `${this.host.name}${this.#lives > 1 ? `, run ${this.#lives},` : ""}`;
  }

  get revision(): number {
    return this.#replica.revision;
  }

  /** Whether it may not do everything, or once could not. */
  get #isRestricted(): boolean {
    return this.host.grant !== undefined;
  }

  get #isUnsigned(): boolean {
    return this.workspace.needsSignatures && this.host.options.signingKey === undefined;
  }

  /** Whether it sees a node that was there at a revision. */
  #sees(id: NodeId, revision: number): boolean {
    const { grant } = this.host;
    return grant === undefined || sees(grant.capabilities, id, this.workspace.reference, revision);
  }

  /** Another run of the application begins, with what was kept. */
  started(): void {
    this.#earlier.set(this.#life, this.#answers);
    this.#lives++;
    const { kept } = this.host;
    // Of a session that never had anything in the log a server that starts anew knows nothing.
    const isUnknown = kept !== undefined && this.workspace.submitted.committed(kept.session) === 0;
    this.#answers = new Answers(
      this.#life,
      this.#mayRecover || isUnknown,
      this.#isRestricted,
      this.#isUnsigned,
    );
    this.#replica = new Replica(this.host.name, this.workspace.characters, this.#seesNode);
    this.#past = new Past(this.#life);
    this.#silence = new ClientSilence(this.#life);
    kept?.changes.forEach(({ change, atomic, task, conditions }, index) => {
      this.#answers.makes(index + 1, { atomic, task, hasConditions: conditions !== undefined });
      this.workspace.characters.goesOn(`${this.#life} ${index + 1}`, change);
    });
  }

  /** It will start with work that may have been sent already. */
  comesAgain(): void {
    const { kept } = this.host;
    if (kept === undefined) return;
    this.#mayRecover = true;
    this.workspace.submitted.fork(kept.session);
    // Not what was in flight, if its session is one that a server remembers: it is sent as what it was, or handed back.
    const isOnce = kept.inFlight !== undefined && this.workspace.submitted.committed(kept.session) > 0;
    const unsent = isOnce ? kept.changes.slice(1) : kept.changes;
    for (const { change } of unsent) this.workspace.characters.mayComeAgain(this.host.index, change);
  }

  changes(number: number, { edits }: Change, how: DeedMeaning): void {
    this.#answers.makes(number, how);
    this.workspace.characters.typed(this.host.index, `${this.#life} ${number}`, this.host.core.view, edits);
  }

  tookBack(before: Workspace, edits: readonly Edit[], isChange: boolean): void {
    this.workspace.characters.tookBack(this.host.index, before, edits, isChange);
  }

  /** The log of its workspace has lost entries. */
  becomeStale(): void {
    this.#isStale = true;
    this.#isOld = true;
    this.#replica.begin();
  }

  stepped(input: ClientInput, outputs: readonly ClientOutput[]): void {
    const { core } = this.host;
    const events = eventsIn(outputs);
    this.#silence.stepped(input, outputs);
    if (input.kind === "opened") this.#isOld = false;
    for (const event of events) {
      if (event.kind === "status" && event.phase === "online" && !this.#isOld) this.#isStale = false;
    }
    const local = input.kind === "change" || input.kind === "undo" || input.kind === "redo";
    const { reference, lost, characters } = this.workspace;
    this.#answers.stepped(events, local, lost, reference.hasForgotten, this.#entryAt);
    this.#past.stepped(input, events, this.workspace, this.#seesNode);
    this.#replica.stepped(core, events, reference, !this.#isStale, !lost && characters.unique);
    if (!this.#isStale && ++this.#steps % 50 === 0 && core.confirmed !== undefined) {
      this.workspace.remember(core.revision, core.confirmed, (node) => core.isLoaded(node));
    }
  }

  /** At the end, when all is quiet. */
  judge(): void {
    const { core } = this.host;
    this.#answers.judge(core.nextNumber);
    this.#past.judge();
    this.#replica.judgeAll(core, this.workspace.reference);
    this.#replica.judgeViewAgainst(core, this.workspace.reference);
  }

  /** Whether a change, by the name that it was given when it was made, is in the log for certain. */
  isDurable(change: string): boolean | undefined {
    const at = change.lastIndexOf(" ");
    const life = change.slice(0, at), number = Number(change.slice(at + 1));
    const answers = life === this.#life ? this.#answers : this.#earlier.get(life);
    return answers?.isDurable(number);
  }
}

/**
 * Everybody who has caught up knows where the others are, and of nobody who is gone.
 *
 * @param sitesOf those that the servers still have a connection of, by workspace; undefined if that is not known.
 */
export function judgePresence(
  hosts: readonly ClientHost[],
  sitesOf: (workspace: string) => ReadonlySet<number> | undefined,
): void {
  for (const { name, core, workspace, server } of hosts) {
    const sites = sitesOf(workspace);
    for (const { site } of core.peers) {
      if (sites === undefined || sites.has(site)) continue;
      throw new Failure("presence", "somebody who is gone is taken to be here", `site ${site} by ${name}`);
    }
    for (const other of hosts) {
      // Servers do not tell each other who is there.
      if (other.core === core || other.workspace !== workspace || other.server !== server) continue;
      const peer = core.peers.find(({ site }) => site === other.core.site);
      if (peer === undefined) {
        throw new Failure("presence", "somebody who is here is not known to be", `${other.name} to ${name}`);
      }
      const { place } = other.core;
      if (place !== undefined && core.view.node(place.node)?.kind !== "text") continue;
      const isRead = place === undefined || core.isLoaded(place.node);
      const seen = JSON.stringify([peer.node, peer.ranges]);
      const actual = JSON.stringify([place?.node, isRead ? place?.ranges ?? [] : []]);
      if (seen !== actual) {
        throw new Failure(
          "presence",
          "somebody is seen in another place",
          `${name} sees ${other.name} at ${seen}, who is at ${actual}`,
          core.revision,
        );
      }
    }
  }
}

export { hostile };

/** Most steps have none, or one. */
function eventsIn(outputs: readonly ClientOutput[]): readonly ClientEvent[] {
  let events: ClientEvent[] | undefined;
  for (const output of outputs) {
    if (output.kind !== "event") continue;
    if (events === undefined) events = [output.event];
    else events.push(output.event);
  }
  return events ?? none;
}

const none: readonly ClientEvent[] = [];

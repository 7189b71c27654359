/**
 * Whether a log says what those have signed whose changes it holds: each signed entry is derived again, from what was
 * signed and from all entries before it, by what the sequencer derives entries by.
 *
 *     entry ─► whose key? ─► is the signature good? ─► is it of this seq and base? ─► does the entry follow? ─► taken
 *
 * What is not derived is taken as the log has it, so that what comes after it can be looked at.
 *
 * @module
 */

import type { Change, Notice } from "../../ot/mod.ts";
import {
  encodeServerMessage,
  fromHex,
  isSigningKey,
  type Operation,
  operationBytes,
  operationOf,
  ProtocolError,
  type SessionId,
  signedMessage,
  signingHead,
  toHex,
  type Verify,
} from "../../proto/mod.ts";
import { Sequencer } from "./sequencer.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import type { LogEntry, SignedEntry, SigningKey, State } from "./state.ts";

/** What can be wrong with an entry, and what that means. */
export const auditFaults = {
  signature_missing: "It is not signed, and its session signs its changes",
  key_unknown: "It is signed, and its session has said no key that may sign",
  signature_invalid: "The signature is not that of the session's key for what the log has of this change",
  other_submission: "What is signed is another change than this one, by its number or its base",
  repeated: "The session has made a change of this number, or a later one, before",
  base_impossible: "It is made on a revision that its author cannot have had then",
  not_derived: "What is signed does not come to this entry",
  condition_broken: "It is signed to depend on what did not hold there",
  purge_unrecorded: "Its signature was taken out, and the log has no record of a purge since",
  server_change: "It is the server's own, and does what the server does not do by itself",
  site_taken: "Its site belongs to another session",
  signer_unknown: "The key is none that may sign under this name",
  not_signed: "It is not signed, and whoever goes by this name has a key",
} as const;
export type AuditFault = keyof typeof auditFaults;

/** Who may sign as whom: the keys of each name, as hexadecimal digits. */
export type Signers = ReadonlyMap<string, ReadonlySet<string>>;

/** What somebody has done, by name and key. */
export interface AuditedAuthor {
  readonly name: string;
  /** Null for what is not signed. */
  readonly key: string | null;
  readonly entries: number;
}

export interface AuditReport {
  /** Entries whose signature is good, and which were derived again. */
  readonly derived: number;
  /** Those whose signature is good, and which are made on a revision that is no longer kept. */
  readonly underived: number;
  /** Those that something was purged from, so that nothing can be said of them any more. */
  readonly purged: number;
  readonly unsigned: number;
  /** The server's own, which are not signed. */
  readonly server: number;
  /** Sorted by name, then by key. */
  readonly authors: readonly AuditedAuthor[];
  /** The names that go with several keys, or are signed with one and go without as well. */
  readonly severalKeys: readonly string[];
  /** Under which names of the workspace entries were signed. */
  readonly workspaces: readonly { readonly workspace: string; readonly entries: number }[];
  /** How many entries are not what they should be, and the first of them. */
  readonly faults: number;
  readonly first: {
    readonly revision: number;
    readonly name: string;
    readonly fault: AuditFault;
    readonly message: string;
  } | null;
}

export interface AuditOptions {
  readonly verify: Verify;
  readonly signers?: Signers | undefined;
  /** Up to this revision, something has been purged from the log. */
  readonly purgedUpTo?: number;
}

/** So much history is kept for what is made on older revisions: many times what servers keep. */
const settings: Settings = {
  ...defaultSettings,
  historyEntriesMax: 1 << 18,
  historyWeightMax: 512 << 20,
};

export class Audit {
  readonly #options: AuditOptions;
  readonly #sequencer: Sequencer;
  /** The newest seq of each session, and the session of each site. */
  readonly #seqs = new Map<SessionId, number>();
  readonly #sites = new Map<number, SessionId>();
  readonly #heads = new Map<SessionId, Uint8Array>();
  /** Whether a key may sign. */
  readonly #keys = new Map<string, boolean>();
  readonly #authors = new Map<
    string,
    { readonly name: string; readonly key: string | null; entries: number }
  >();
  readonly #workspaces = new Map<string, number>();
  #derived = 0;
  #underived = 0;
  #purged = 0;
  #unsigned = 0;
  #server = 0;
  #faults = 0;
  #first: AuditReport["first"] = null;

  /** @param base what there is before the first entry. */
  constructor(base: State, options: AuditOptions) {
    this.#options = options;
    this.#sequencer = new Sequencer(settings, base);
    for (const [session, { site, last }] of base.sessions) {
      this.#seqs.set(session, last.seq);
      this.#sites.set(site, session);
    }
  }

  /** What the entries so far lead to. */
  get state(): State {
    return this.#sequencer.durable;
  }

  /** Looks at the next entry, and takes it. */
  take(entry: LogEntry): void {
    const { revision, session, site, seq } = entry;
    const record = this.state.sessions.get(session);
    const name = session === "" ? "(server)" : (record?.participant ?? entry.author)?.name ?? "";
    const fault = this.#faultOf(entry, name, record === undefined ? entry.signed?.signer : record.signer);
    if (fault !== undefined) {
      this.#faults++;
      this.#first ??= { revision, name, fault, message: auditFaults[fault] };
    }
    if (session !== "") {
      this.#seqs.set(session, Math.max(seq, this.#seqs.get(session) ?? 0));
      this.#sites.set(site, session);
    }
    this.#sequencer.take(entry);
    if (this.#sequencer.isFull(2)) this.#sequencer.trim(revision);
  }

  report(): AuditReport {
    const authors = [...this.#authors.values()].map((author) => ({ ...author }))
      .sort((a, b) => compare(a.name, b.name) || compare(a.key ?? "", b.key ?? ""));
    const names = authors.map(({ name }) => name);
    return {
      derived: this.#derived,
      underived: this.#underived,
      purged: this.#purged,
      unsigned: this.#unsigned,
      server: this.#server,
      authors,
      severalKeys: [...new Set(names.filter((name, i) => names[i - 1] === name))],
      workspaces: [...this.#workspaces].map(([workspace, entries]) => ({ workspace, entries })),
      faults: this.#faults,
      first: this.#first,
    };
  }

  /** What is wrong with an entry; if nothing is, or what it is was asked only now, it is counted. */
  #faultOf(entry: LogEntry, name: string, signer: SigningKey | undefined): AuditFault | undefined {
    const { session, site, seq, signed, change } = entry;
    if (session === "") {
      this.#server++;
      const isServers = change.edits.length === 0 && change.steps.every(({ kind }) => kind === "forget");
      return isServers && site === 0 && signed === undefined ? undefined : "server_change";
    }
    if ((this.#sites.get(site) ?? session) !== session) return "site_taken";
    if (seq <= (this.#seqs.get(session) ?? 0)) return "repeated";
    const keys = this.#options.signers?.get(name);
    if (signed === undefined) {
      if (signer !== undefined) return "signature_missing";
      this.#unsigned++;
      this.#count(name, null);
      return keys === undefined ? undefined : "not_signed";
    }
    if (signer === undefined || !this.#maySign(signer.key)) return "key_unknown";
    const fault = this.#signedFault(entry, signed, signer);
    if (fault !== undefined) return fault;
    this.#count(name, signer.key);
    this.#workspaces.set(signer.workspace, (this.#workspaces.get(signer.workspace) ?? 0) + 1);
    return this.#options.signers === undefined || keys?.has(signer.key) === true
      ? undefined
      : "signer_unknown";
  }

  #signedFault(entry: LogEntry, signed: SignedEntry, { key, workspace }: SigningKey): AuditFault | undefined {
    const { revision, session, site, seq, change, notices, task } = entry;
    const { base, signature, bytes } = signed;
    if (signature === "") {
      if (revision > (this.#options.purgedUpTo ?? 0)) return "purge_unrecorded";
      this.#purged++;
      return undefined;
    }
    let head = this.#heads.get(session);
    if (head === undefined) this.#heads.set(session, head = signingHead({ workspace, session, site }));
    const operation = bytes === undefined
      ? operationBytes({ seq, base, change, ...task === undefined ? {} : { task } })
      : fromHex(bytes);
    if (!this.#options.verify(fromHex(signature), signedMessage(head, operation), fromHex(key))) {
      return "signature_invalid";
    }
    const submitted = readOperation(operation);
    if (submitted?.seq !== seq || submitted.base !== base) return "other_submission";
    if (base >= revision || base < (this.state.sessions.get(session)?.last.revision ?? 0)) {
      return "base_impossible";
    }
    if (base < this.#sequencer.floor) {
      this.#underived++;
      return undefined;
    }
    const derived = this.#sequencer.derive({ site, base, change: submitted.change }, session);
    const isDerived = derived.kind === "derived" && areSame(derived, { change, notices });
    if (!isDerived || submitted.task !== task) return "not_derived";
    if (!this.#sequencer.holds({ ...submitted, site })) return "condition_broken";
    this.#derived++;
    return undefined;
  }

  #maySign(key: string): boolean {
    let may = this.#keys.get(key);
    if (may === undefined) this.#keys.set(key, may = isSigningKey(fromHex(key)));
    return may;
  }

  #count(name: string, key: string | null): void {
    const author = this.#authors.get(`${key} ${name}`);
    if (author === undefined) this.#authors.set(`${key} ${name}`, { name, key, entries: 1 });
    else author.entries++;
  }
}

function readOperation(bytes: Uint8Array): Operation | undefined {
  try {
    return operationOf(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

interface Outcome {
  readonly change: Change;
  readonly notices: readonly Notice[];
}

/** Whether two outcomes are the same: what is encoded alike is. */
function areSame(a: Outcome, b: Outcome): boolean {
  return outcomeOf(a) === outcomeOf(b);
}

function outcomeOf({ change, notices }: Outcome): string {
  const told = { kind: "acknowledge", seq: 0, revision: 0, time: 0, steps: [], notices } as const;
  return toHex(operationBytes({ seq: 0, base: 0, change })) + toHex(encodeServerMessage(told));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

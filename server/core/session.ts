/**
 * A client's identity in one workspace, which outlives its connections: what it may spend, and what must be known
 * of it to say where it is.
 *
 * @module
 */

import { type Participant, type Place, type SessionId, signingHead } from "../../proto/mod.ts";
import type { Connection } from "./connection.ts";
import { type Grant, hasExpired, Rights } from "./rights.ts";
import type { Submission } from "./sequencer.ts";
import type { SigningKey } from "./state.ts";

/** All but its connection, and what it has in the queue. */
export interface SavedSession {
  readonly id: SessionId;
  readonly site: number;
  readonly participant: Participant;
  readonly goneAtUs: number;
  readonly creditUs: number;
  readonly creditAtUs: number;
  readonly submitted: Settled | null;
  readonly awaited: Place | null;
  readonly attempt: number;
  readonly grant?: Grant;
  readonly isBarred?: true;
  readonly signer?: SigningKey;
}

/** A change in the log, as it was submitted. */
export interface Settled {
  readonly submission: Submission;
  readonly revision: number;
}

/** What a session can do at once after a pause, in microseconds of waiting. */
const creditUsMax = 2_000_000;

export class Session {
  connection: Connection | undefined;
  /** When its last connection went away, in microseconds. */
  goneAtUs: number;
  /** How many submissions of it are queued or on their way to the log. */
  unsettled = 0;
  /** Its newest change in the log: presence may be about the text with just that in it. */
  submitted: Settled | undefined;
  /** A place that waits for the change it was seen with. */
  awaited: Place | undefined;
  /** The highest attempt that has been let in. */
  attempt = 0;
  /** What it was last let in with; undefined where nobody is asked. */
  grant: Grant | undefined;
  rights = Rights.everything;
  /** Whether that has been taken back: what is not in the log yet will not be. */
  isBarred = false;
  /** What it may still spend on changes, in microseconds of waiting. */
  #creditUs = creditUsMax;
  #creditAtUs: number;
  #signingHead: Uint8Array | undefined;

  constructor(
    readonly id: SessionId,
    readonly site: number,
    readonly participant: Participant,
    nowUs: number,
    /** What its changes are signed with; undefined if they are not. */
    readonly signer?: SigningKey,
  ) {
    this.goneAtUs = this.#creditAtUs = nowUs;
  }

  /** Goes by what a connection was given from now on. */
  admit(grant: Grant | undefined, rights: Rights): void {
    this.grant = grant;
    this.rights = rights;
    this.isBarred = false;
  }

  /** What is signed with each of its changes, if they are. */
  get signingHead(): Uint8Array {
    const { id: session, site, signer } = this;
    return this.#signingHead ??= signingHead({ workspace: signer?.workspace ?? "", session, site });
  }

  /** Whether it may change nothing any more. */
  isBarredAt(nowUs: number): boolean {
    return this.isBarred || (this.grant !== undefined && hasExpired(this.grant, nowUs));
  }

  /** Whether its budget allows one more change; if so, takes it from the budget. */
  afford(changesPerSecond: number, nowUs: number): boolean {
    const cost = Math.floor(1_000_000 / changesPerSecond);
    const credit = Math.min(creditUsMax, this.#creditUs + Math.max(0, nowUs - this.#creditAtUs));
    this.#creditAtUs = nowUs;
    this.#creditUs = credit < cost ? credit : credit - cost;
    return credit >= cost;
  }

  save(): SavedSession {
    const { id, site, participant, goneAtUs } = this;
    return {
      ...{ id, site, participant, goneAtUs },
      creditUs: this.#creditUs,
      creditAtUs: this.#creditAtUs,
      submitted: this.submitted ?? null,
      awaited: this.awaited ?? null,
      attempt: this.attempt,
      ...this.grant === undefined ? {} : { grant: this.grant },
      ...this.isBarred ? { isBarred: true } : {},
      ...this.signer === undefined ? {} : { signer: this.signer },
    };
  }

  static restore(saved: SavedSession): Session {
    const { id, site, participant, goneAtUs, signer } = saved;
    const session = new Session(id, site, participant, goneAtUs, signer);
    session.#creditUs = saved.creditUs;
    session.#creditAtUs = saved.creditAtUs;
    session.submitted = saved.submitted ?? undefined;
    session.awaited = saved.awaited ?? undefined;
    session.attempt = saved.attempt;
    if (saved.grant !== undefined) session.admit(saved.grant, Rights.of(saved.grant));
    session.isBarred = saved.isBarred === true;
    return session;
  }
}

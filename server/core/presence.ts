/**
 * Who is in a workspace, and where: the newest word about each session, in the order of these words.
 *
 * Each word has a version, and a connection remembers up to which it has been told. Nobody is told of words that
 * newer ones have replaced.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import { encodeServerMessage, type Participant, type Place } from "../../proto/mod.ts";
import { isOutOfReach, settledPlace } from "./place.ts";
import type { Scope } from "./rights.ts";
import type { Sequencer } from "./sequencer.ts";
import type { Session } from "./session.ts";

const noFiles: ReadonlySet<NodeId> = new Set();

/** The newest word about one session. */
interface Presence {
  readonly version: number;
  /** The version with which the session came. */
  readonly since: number;
  readonly site: number;
  readonly participant: Participant;
  /** The session itself while it is here; undefined once it is gone. */
  readonly session: Session | undefined;
  /** Its positions are moved along as entries come, when somebody asks. */
  place: Place | undefined;
  /** The frame for it as it is now, once somebody has asked. */
  frame: Uint8Array | undefined;
  /** The same for those who do not see where it is. */
  frameElsewhere: Uint8Array | undefined;
}

export interface SavedPresences {
  readonly version: number;
  readonly presences: readonly {
    readonly version: number;
    readonly since: number;
    readonly site: number;
    readonly participant: Participant;
    readonly isGone: boolean;
    readonly place: Place | null;
  }[];
}

export class Presences {
  readonly #sequencer: Sequencer;
  #presences: Presence[] = [];
  #version = 0;

  constructor(sequencer: Sequencer) {
    this.#sequencer = sequencer;
  }

  /** Of the newest word. */
  get version(): number {
    return this.#version;
  }

  came(session: Session): void {
    this.#replace(session, session, undefined, this.#version + 1);
  }

  /** A session that is here says where; false if that is too old to be understood, and is to be said anew. */
  moved(session: Session, place: Place | undefined): boolean {
    const settled = place && settledPlace(this.#sequencer, session, place);
    // Who claims to be where they see nothing is nowhere in particular.
    const isSeen = settled !== undefined &&
      session.rights.read.covers(this.#sequencer.durable.workspace, settled.node);
    this.#replace(session, session, isSeen ? settled : undefined);
    if (place === undefined || settled !== undefined || !isOutOfReach(this.#sequencer, session, place)) {
      return true;
    }
    // Of a file that it may not see, it is not told that there is one.
    return !session.rights.read.covers(this.#sequencer.durable.workspace, place.node);
  }

  gone(session: Session): void {
    this.#replace(session, undefined, undefined);
  }

  #replace(
    { site, participant }: Session,
    session: Session | undefined,
    place: Place | undefined,
    since?: number,
  ): void {
    const index = this.#presences.findIndex((presence) => presence.site === site);
    const [before] = index < 0 ? [] : this.#presences.splice(index, 1);
    const version = ++this.#version;
    since ??= before?.since ?? version;
    const frames = { frame: undefined, frameElsewhere: undefined };
    this.#presences.push({ version, since, site, participant, session, place, ...frames });
  }

  /** Somebody sees these nodes now who has not before, and does not know who is there. */
  sayAgain(nodes: ReadonlySet<NodeId>): void {
    const isThere = ({ place }: Presence) => place !== undefined && nodes.has(place.node);
    const there = this.#presences.filter(isThere);
    this.#presences = this.#presences.filter((presence) => !isThere(presence));
    for (const presence of there) this.#presences.push({ ...presence, version: ++this.#version });
  }

  /** Moves everybody's place along, before the history up to `floor` is let go. */
  settle(floor: number): void {
    for (const presence of this.#presences) {
      if (presence.place !== undefined && presence.place.revision < floor) this.#settle(presence);
    }
  }

  #settle(presence: Presence): void {
    const { session, place } = presence;
    if (session === undefined || place === undefined) return;
    presence.place = settledPlace(this.#sequencer, session, place);
    presence.frame = undefined;
  }

  /** Forgets those who are gone, where everybody has been told up to `version`. */
  forgetGone(version: number): void {
    this.#presences = this.#presences.filter((presence) =>
      presence.session !== undefined || presence.version > version
    );
  }

  /**
   * The frames for what a session that has been told up to `version` does not know of the others. Of somebody who is
   * where it sees nothing it is told no place.
   *
   * @param files in which it is to be told all places, once more.
   */
  newsFor(session: Session, version: number, files: ReadonlySet<NodeId> = noFiles): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let i = this.#presences.length - 1; i >= 0; i--) {
      const presence = this.#presences[i]!;
      if (presence.version <= version) {
        if (files.size === 0) break;
        if (presence.place === undefined || !files.has(presence.place.node)) continue;
      }
      if (presence.session === session || (presence.session === undefined && version === 0)) continue;
      frames.push(this.#frameOf(presence, presence.since > version, session.rights.read));
    }
    return frames;
  }

  #frameOf(presence: Presence, introduce: boolean, scope: Scope): Uint8Array {
    const { workspace, revision } = this.#sequencer.durable;
    const { site, participant, session, place } = presence;
    if (place !== undefined && place.revision < revision) this.#settle(presence);
    const isSeen = presence.place === undefined || scope.covers(workspace, presence.place.node);
    const known = isSeen ? presence.frame : presence.frameElsewhere;
    if (known !== undefined && !introduce) return known;
    const frame = encodeServerMessage({
      kind: "presence",
      site,
      participant: introduce ? participant : undefined,
      gone: session === undefined,
      place: isSeen ? presence.place : undefined,
    });
    if (!introduce) presence[isSeen ? "frame" : "frameElsewhere"] = frame;
    return frame;
  }

  save(): SavedPresences {
    return {
      version: this.#version,
      presences: this.#presences.map(({ version, since, site, participant, session, place }) => ({
        ...{ version, since, site, participant },
        isGone: session === undefined,
        place: place ?? null,
      })),
    };
  }

  static restore(saved: SavedPresences, sequencer: Sequencer, sessions: Iterable<Session>): Presences {
    const presences = new Presences(sequencer);
    const bySite = new Map<number, Session>();
    for (const session of sessions) bySite.set(session.site, session);
    presences.#version = saved.version;
    presences.#presences = saved.presences.map(({ isGone, place, ...presence }) => ({
      ...presence,
      session: isGone ? undefined : bySite.get(presence.site),
      place: place ?? undefined,
      frame: undefined,
      frameElsewhere: undefined,
    }));
    return presences;
  }
}

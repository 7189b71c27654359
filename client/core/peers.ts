/**
 * Others who are in the workspace, with their places in the confirmed workspace: so they are the same to everybody
 * who has caught up.
 *
 * @module
 */

import { type Edit, type NodeId, opOn } from "../../ot/mod.ts";
import type { OtherPresence, Participant, Range } from "../../proto/mod.ts";
import { moved } from "./ranges.ts";
import type { Peer } from "./types.ts";

export interface SavedPeer {
  readonly site: number;
  readonly participant: Participant;
  readonly node: NodeId | null;
  readonly ranges: readonly Range[];
}

export class Peers {
  readonly #peers = new Map<number, Peer>();

  /** Takes over where somebody is, or that they are gone. */
  heard({ site, participant, gone, place }: OtherPresence): void {
    const known = participant ?? this.participantOf(site);
    if (gone || known === undefined) this.#peers.delete(site);
    // It stands in the stream behind the entry whose text its positions count in.
    else this.#peers.set(site, { site, participant: known, node: place?.node, ranges: place?.ranges ?? [] });
  }

  participantOf(site: number): Participant | undefined {
    return this.#peers.get(site)?.participant;
  }

  /** Carries everybody's place over an entry. */
  follow(edits: readonly Edit[]): void {
    for (const peer of this.#peers.values()) {
      const op = peer.node === undefined ? undefined : opOn(edits, peer.node);
      if (op !== undefined) this.#peers.set(peer.site, { ...peer, ranges: moved(peer.ranges, op) });
    }
  }

  /** Of those who are in files that have gone out of sight, no place is known any more; says who that is. */
  lose(nodes: readonly NodeId[]): number[] {
    if (nodes.length === 0) return [];
    const there = this.#sorted().filter(({ node }) => node !== undefined && nodes.includes(node));
    for (const peer of there) this.#peers.set(peer.site, { ...peer, node: undefined, ranges: [] });
    return there.map(({ site }) => site);
  }

  /** Everybody, sorted by site, with their places after changes that they do not know of. */
  after(changes: readonly (readonly Edit[])[]): Peer[] {
    return this.#sorted().map((peer) => {
      let { ranges } = peer;
      for (const edits of changes) {
        const op = peer.node === undefined ? undefined : opOn(edits, peer.node);
        if (op !== undefined) ranges = moved(ranges, op);
      }
      return ranges === peer.ranges ? peer : { ...peer, ranges };
    });
  }

  /** Forgets everybody, and says who that was: their sites, sorted. */
  forget(): number[] {
    const sites = this.#sorted().map(({ site }) => site);
    this.#peers.clear();
    return sites;
  }

  /** A map is in the order in which people came: that is nothing anybody should be able to tell. */
  #sorted(): Peer[] {
    return [...this.#peers.values()].sort((a, b) => a.site - b.site);
  }

  save(): SavedPeer[] {
    return this.#sorted().map(({ site, participant, node, ranges }) => ({
      site,
      participant,
      node: node ?? null,
      ranges,
    }));
  }

  static restore(saved: readonly SavedPeer[]): Peers {
    const peers = new Peers();
    for (const peer of saved) peers.#peers.set(peer.site, { ...peer, node: peer.node ?? undefined });
    return peers;
  }
}

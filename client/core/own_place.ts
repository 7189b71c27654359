/**
 * Where the user is, carried along with the view, and whether the others are to be told.
 *
 * @module
 */

import type { NodeId, Workspace } from "../../ot/mod.ts";
import type { Range } from "../../proto/mod.ts";
import { moved } from "./ranges.ts";
import type { ClientEvent } from "./types.ts";

interface Position {
  readonly node: NodeId;
  readonly ranges: readonly Range[];
}

export interface SavedPlace {
  readonly position: Position | null;
  readonly isNews: boolean;
  readonly isBlurred: boolean;
}

export class OwnPlace {
  #position: Position | undefined;
  #isNews = false;
  #isBlurred = false;

  /** Undefined is nowhere in particular. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Whether the others do not know it yet, or know it wrong. */
  get isNews(): boolean {
    return this.#isNews;
  }

  select(position: Position | undefined): void {
    this.#position = position;
    this.#isNews = true;
  }

  /** Carries it along with what is done to the view. */
  follow(event: ClientEvent): void {
    if (this.#position === undefined) return;
    const { node, ranges } = this.#position;
    if (event.kind === "edited" && event.node === node) {
      this.#position = { node, ranges: moved(ranges, event.op) };
    } else if (event.kind === "renumbered") {
      this.#position = { node: event.ids.get(node) ?? node, ranges };
    }
  }

  /** What it is in may be gone, or something else by now. */
  lookUp(view: Workspace): void {
    if (this.#position !== undefined && view.node(this.#position.node)?.kind !== "text") {
      this.select(undefined);
    }
  }

  /** What the others were told may be lost, or no longer hold: it is said again, if it is anywhere. */
  sayAgain(): void {
    if (this.#position !== undefined) this.#isNews = true;
  }

  /** Others have edited around it while changes of our own were on their way. */
  blur(): void {
    this.#isBlurred = true;
  }

  /** All own changes have arrived. Carried over crossing edits in two orders, a position may come out differently. */
  settle(): void {
    if (!this.#isBlurred) return;
    this.#isBlurred = false;
    this.sayAgain();
  }

  said(): void {
    this.#isNews = false;
  }

  save(): SavedPlace {
    return { position: this.#position ?? null, isNews: this.#isNews, isBlurred: this.#isBlurred };
  }

  static restore(saved: SavedPlace): OwnPlace {
    const place = new OwnPlace();
    place.#position = saved.position ?? undefined;
    place.#isNews = saved.isNews;
    place.#isBlurred = saved.isBlurred;
    return place;
  }
}

/**
 * All states of the link between one client and the server: whole writes on their way, in order.
 *
 * @module
 */

/** A link in one state. */
export interface Link {
  readonly number: number;
  /** Its connection; -1 while there is none. */
  readonly connection: number;
  /** How many connections there have been. */
  readonly opened: number;
  /** Numbers of the writes on their way to the server, and to the client. */
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** Connections that have been cut, which the server has not heard of. */
  readonly halfOpen: readonly number[];
  /** What it becomes with one more write, or one less. */
  readonly next: Map<number, Link>;
}

export class LinkTable {
  readonly #links: Link[] = [];
  readonly #byText = new Map<string, Link>();

  link(number: number): Link {
    return this.#links[number]!;
  }

  with({ connection, opened, up, down, halfOpen }: Omit<Link, "number" | "next">): Link {
    const text = `${connection} ${opened} ${up} / ${down} / ${halfOpen}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const link = { number: this.#links.length, connection, opened, up, down, halfOpen, next: new Map() };
    this.#links.push(link);
    this.#byText.set(text, link);
    return link;
  }

  /** A link with a write behind all others in one direction. */
  push(link: Link, direction: "up" | "down", write: number): Link {
    const code = 2 * (write + 1) + (direction === "up" ? 1 : 0);
    let next = link.next.get(code);
    if (next === undefined) {
      next = this.with({ ...link, [direction]: [...link[direction], write] });
      link.next.set(code, next);
    }
    return next;
  }

  /** A link whose first write in one direction has arrived. */
  shift(link: Link, direction: "up" | "down"): Link {
    const code = direction === "up" ? 1 : 0;
    let next = link.next.get(code);
    if (next === undefined) {
      next = this.with({ ...link, [direction]: link[direction].slice(1) });
      link.next.set(code, next);
    }
    return next;
  }
}

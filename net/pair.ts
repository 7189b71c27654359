/**
 * A connection within one process: what the one end writes, the other one reads.
 *
 * @module
 */

import { Inbox } from "./inbox.ts";
import type { Transport } from "./transport.ts";

/** The two ends. Bytes that are written must not be written to any more: they are not copied. */
export function transportPair(): readonly [Transport, Transport] {
  const first = new Inbox(), second = new Inbox();
  return [endOf(first, second), endOf(second, first)];
}

function endOf(incoming: Inbox, outgoing: Inbox): Transport {
  return {
    incoming,
    write(bytes) {
      if (outgoing.isOver) return Promise.reject(new Error("The other end is closed"));
      outgoing.push(bytes);
      return Promise.resolve();
    },
    end() {
      outgoing.end();
      return Promise.resolve();
    },
    close() {
      incoming.end();
      outgoing.end();
    },
  };
}

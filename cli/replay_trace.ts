/**
 * Replays an editing trace through the real client core and a server: each agent's transactions are typed into
 * a client of that agent's own, which has heard by then exactly what the trace says the agent had seen.
 *
 * The schedule says in which order changes stand in the log. So they are made in that order, one after the other:
 *
 *     hear what had been seen ─► type ─► … ─► hear the own last acknowledgement ─► let the client submit
 *
 * @module
 */

import { assert, type Change, editOf, type NodeId, replace, rootId } from "../ot/mod.ts";
import { scheduleOf } from "../sim/schedule.ts";
import { PairIndex, type Trace } from "../sim/trace.ts";
import { ConnectionError, type ReplayServer } from "./replay_link.ts";
import { Seat } from "./replay_seat.ts";

/** A text that somebody holds at the end. */
export interface HeldText {
  readonly holder: string;
  readonly text: string;
}

export interface Replayed {
  /** Patches typed. */
  readonly edits: number;
  /** Changes that they were submitted in. */
  readonly changes: number;
  /** Of the workspace, at the end. */
  readonly revisions: number;
  /** From the first edit until everybody had heard the last one. */
  readonly seconds: number;
  /** Of all clients, of two that joined after it was over, and of the log, where it is at hand. */
  readonly texts: readonly HeldText[];
}

const fileName = "trace.txt";
/** How much of the text before the first edit goes into one change, in UTF-16 code units. */
const pieceLength = 100_000;

export interface ReplayOptions {
  /** In which the file is made. */
  readonly workspace: string;
  /** How many transactions a change is to hold at most, where the trace leaves it open. */
  readonly gather: number;
}

/**
 * Replays a trace against a server.
 *
 * @throws {TraceError} if the trace is malformed, or no log gives it.
 * @throws {ConnectionError} if the server does not play along.
 */
export async function replayTrace(
  trace: Trace,
  server: ReplayServer,
  { workspace, gather }: ReplayOptions,
): Promise<Replayed> {
  const { changes, heardMin, heardMax } = scheduleOf(trace, gather);
  const all: Seat[] = [];
  const join = async (name: string) => {
    const seat = new Seat(server, workspace, name, all.length);
    all.push(seat);
    await seat.connect();
    await seat.until(() => seat.core.phase === "online");
    return seat;
  };
  try {
    // Ties go by site, and sites by who came first.
    const seats: Seat[] = [];
    for (let agent = 0; agent < trace.agents; agent++) seats.push(await join(`agent ${agent}`));
    const node = await plant(trace, seats);
    for (const seat of seats) seat.hold(node, new PairIndex(trace.startContent));

    /** Of each change: the revision that it made. */
    const revisions: number[] = [];
    const begun = performance.now();
    for (const { agent, transactions } of changes) {
      const seat = seats[agent]!;
      const last = seat.acknowledged;
      const unseen = (index: number) => revisions[heardMax[index]!] ?? Infinity;
      // Where the acknowledgement may come before what is typed, nothing has to be kept back.
      const gathers = transactions.length > 1 || last > unseen(transactions[0]!);
      if (gathers) seat.gather();
      for (const index of transactions) {
        const revision = Math.max(revisions[heardMin[index]! - 1] ?? 0, gathers ? 0 : last);
        if (seat.newest < revision) await seat.until(() => seat.newest >= revision);
        seat.hear(revision);
        if (!gathers) seat.letSubmit();
        assert(seat.core.revision < unseen(index), "nobody sees more than they had seen");
        seat.type(trace.transactions[index]!, index);
      }
      if (gathers) {
        seat.hear(last);
        if (seat.core.unsent()?.changes.length !== 1) {
          const [first, end] = [transactions[0]!, transactions[transactions.length - 1]!];
          throw new ConnectionError(
            `txns[${first}] to txns[${end}] of agent ${agent} have to be one change, which is too long for that`,
          );
        }
        seat.letSubmit();
      }
      if (seat.acknowledged === last) await seat.until(() => seat.acknowledged > last);
      revisions.push(seat.acknowledged);
    }
    const head = revisions[revisions.length - 1] ?? 0;
    for (const seat of seats) {
      await seat.until(() => seat.newest >= head);
      seat.hear(head);
    }
    const seconds = (performance.now() - begun) / 1000;

    const texts = seats.map((seat, agent) => ({ holder: `agent ${agent}`, text: seat.textOf(node) }));
    for (const holder of ["the first late joiner", "the second late joiner"]) {
      const seat = await join(holder);
      await seat.until(() => seat.core.revision >= head);
      texts.push({ holder, text: seat.textOf(node) });
    }
    const state = server.state();
    if (state !== undefined) {
      texts.push({ holder: "the server's log", text: state.workspace.text(node).toString() });
    }
    const edits = trace.transactions.reduce((sum, { patches }) => sum + patches.length, 0);
    return { edits, changes: changes.length, revisions: seats[0]!.core.revision, seconds, texts };
  } finally {
    for (const seat of all) seat.leave();
  }
}

/** Makes the file, with what stands in it before the first edit, and waits until everybody has it. */
async function plant({ startContent }: Trace, seats: readonly Seat[]): Promise<NodeId> {
  const author = seats[0]!;
  const node = author.core.nextId(0);
  const submit = async (change: Change) => {
    const last = author.acknowledged;
    author.letSubmit();
    author.change(change);
    await author.until(() => author.acknowledged > last);
  };
  await submit({
    steps: [{ kind: "create", node, parent: rootId, name: fileName, type: "text" }],
    edits: [],
  });
  for (let from = 0; from < startContent.length;) {
    let to = Math.min(startContent.length, from + pieceLength);
    // A pair is never cut.
    if (to < startContent.length && (startContent.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
    await submit(editOf(node, replace(from, 0, startContent.slice(from, to))));
    from = to;
  }
  for (const seat of seats) await seat.until(() => seat.core.revision >= author.acknowledged);
  return node;
}

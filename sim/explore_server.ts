/**
 * The server of an explored world: the real core. What is due in the very moment of a step belongs to the step.
 *
 * @module
 */

import { assert } from "../ot/mod.ts";
import { type Input, type LogEntry, type Output, ServerCore, type Settings } from "../server/core/mod.ts";
import type { CoreState, Driver, Move } from "./explore_core.ts";
import type { ByteTable, TextTable } from "./explore_table.ts";
import type { WithoutTime } from "./without_time.ts";

export interface ServerFacts {
  readonly nowUs: number;
  /** When it wants to be woken; 0 if it does not. */
  readonly wakeAtUs: number;
}

export interface ServerResult {
  readonly sends: readonly { readonly connection: number; readonly write: number }[];
  /** The number of the entries that are to be appended; -1 for none. */
  readonly append: number;
  /** Connections that it has ended. */
  readonly ends: readonly number[];
  /** Whom it refused something, and why; "" if nobody. */
  readonly fault: string;
}

export type ServerState = CoreState<ServerFacts, undefined, ServerResult>;
export type ServerMove = Move<ServerFacts, undefined, ServerResult>;
export type ServerStep = WithoutTime<Input>;

export interface ServerDriverOptions {
  readonly settings: Settings;
  readonly drainsAtOnce: boolean;
  readonly writes: ByteTable;
  /** Lists of entries, as JSON. */
  readonly appends: TextTable;
  /** What the log holds at the start. */
  readonly entries: readonly LogEntry[];
}

export class ServerDriver implements Driver<ServerCore, ServerStep, ServerFacts, undefined, ServerResult> {
  readonly #options: ServerDriverOptions;

  constructor(options: ServerDriverOptions) {
    this.#options = options;
  }

  save(core: ServerCore): readonly unknown[] {
    const { connections, rooms, ...rest } = core.save();
    const others = rooms.map(({ sequencer: _, sessions: __, ...room }) => room);
    return [
      rest,
      connections,
      rooms.map(({ sequencer }) => sequencer),
      rooms.map(({ sessions }) => sessions),
      others,
    ];
  }

  restore([rest, connections, sequencers, sessions, others]: readonly unknown[]): ServerCore {
    const rooms = (others as object[]).map((room, i) => ({
      ...room,
      sequencer: (sequencers as unknown[])[i],
      sessions: (sessions as unknown[])[i],
    }));
    const saved: unknown = { ...(rest as object), connections, rooms };
    return ServerCore.restore(this.#options.settings, saved as ReturnType<ServerCore["save"]>);
  }

  look(): undefined {
    return undefined;
  }

  run(core: ServerCore, facts: ServerFacts, step: ServerStep): { facts: ServerFacts; result: ServerResult } {
    let { nowUs, wakeAtUs } = facts;
    if (step.kind === "due") {
      nowUs = wakeAtUs;
      wakeAtUs = 0;
    }
    const { writes, appends, entries, drainsAtOnce } = this.#options;
    const sends: { connection: number; write: number }[] = [];
    const ends: number[] = [];
    let append = -1, fault = "";
    const inputs: ServerStep[] = [step];
    const carryOut = (output: Output) => {
      switch (output.kind) {
        case "send":
          sends.push({ connection: output.connection, write: writes.numberOf(output.bytes) });
          if (drainsAtOnce) inputs.push({ kind: "drained", connection: output.connection });
          break;
        case "close":
          ends.push(output.connection);
          inputs.push({ kind: "closed", connection: output.connection });
          break;
        case "append":
          assert(append < 0, "one append is outstanding");
          append = appends.numberOf(JSON.stringify(output.entries));
          break;
        case "load":
          inputs.push({
            kind: "loaded",
            workspace: output.workspace,
            epoch: "epoch",
            checkpoint: null,
            entries,
          });
          break;
        case "wake":
          wakeAtUs = output.atUs;
          if (wakeAtUs <= nowUs) inputs.push({ kind: "due" });
          break;
        case "report":
          if (output.event === "refused") fault = `the server refused a change: ${output.fields.code}`;
      }
    };
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      for (const output of core.step({ ...next, nowUs })) carryOut(output);
    }
    return { facts: { nowUs, wakeAtUs }, result: { sends, append, ends, fault } };
  }
}

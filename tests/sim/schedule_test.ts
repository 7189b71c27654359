import fc from "fast-check";
import { type Schedule, scheduleOf } from "../../sim/schedule.ts";
import { type Trace, TraceError } from "../../sim/trace.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** How many transactions a change may hold where the trace leaves it open. */
const sizes = [1, 2, 1000];

/** Who typed a transaction, and the indices of its parents. */
type Drawn = readonly [agent: number, ...parents: number[]];

/** A trace of which only matters who had seen what. */
function traceOf(...drawn: readonly Drawn[]): Trace {
  return {
    kind: "concurrent",
    startContent: "",
    endContent: "",
    agents: Math.max(0, ...drawn.map(([agent]) => agent)) + 1,
    transactions: drawn.map(([agent, ...parents]) => ({ agent, parents, patches: [] })),
  };
}

/** Of each transaction, everything that it had seen. */
function ancestorsIn({ transactions }: Trace): ReadonlySet<number>[] {
  const ancestors: Set<number>[] = [];
  for (const { parents } of transactions) {
    ancestors.push(new Set(parents.flatMap((parent) => [parent, ...ancestors[parent]!])));
  }
  return ancestors;
}

/** What a client with one change in flight does: the judge's own, which knows nothing of how logs are found. */
class ModelClient {
  /** How much of the log it has heard. */
  heard = 0;
  readonly seen = new Set<number>();
  /** What is typed and not submitted. */
  typed: number[] = [];
  /** The place in the log of its last change. */
  last = -1;

  constructor(readonly agent: number) {}

  hearNext(log: Schedule["changes"]): void {
    const change = log[this.heard++];
    assert(change !== undefined, "only what is in the log can be heard");
    if (change.agent !== this.agent) { for (const index of change.transactions) this.seen.add(index); }
  }
}

/** Carries a schedule out, change by change, each client hearing as little as it may. */
function playBack(trace: Trace, { changes, heardMin, heardMax }: Schedule): void {
  const ancestors = ancestorsIn(trace);
  const clients = Array.from({ length: trace.agents }, (_, agent) => new ModelClient(agent));
  const foreign = (agent: number, from: number) =>
    changes.findIndex((c, i) => i >= from && c.agent !== agent);
  changes.forEach(({ agent, transactions }, place) => {
    const client = clients[agent]!;
    const log = changes.slice(0, place);
    for (const index of transactions) {
      assertEquals(trace.transactions[index]!.agent, agent);
      while (!ancestors[index]!.isSubsetOf(client.seen)) client.hearNext(log);
      assertEquals(client.seen, ancestors[index], `what txns[${index}] had seen`);
      const min = changes.slice(0, client.heard).findLastIndex((change) => change.agent !== agent) + 1;
      assertEquals(heardMin[index], min);
      const next = foreign(agent, client.heard);
      assertEquals(heardMax[index], next < 0 ? changes.length : next);
      client.typed.push(index);
      client.seen.add(index);
    }
    while (client.heard <= client.last) client.hearNext(log);
    assertEquals(client.typed, transactions, "a change is all that has been typed and not submitted");
    client.typed = [];
    client.last = place;
  });
  assertEquals(
    changes.flatMap(({ transactions }) => transactions).sort((a, b) => a - b),
    trace.transactions.map((_, index) => index),
  );
}

/** The changes of the schedule, as "agent: transactions", after it has been judged. */
function planOf(trace: Trace, most: number): string[] {
  const schedule = scheduleOf(trace, most);
  playBack(trace, schedule);
  return schedule.changes.map(({ agent, transactions }) => `${agent}: ${transactions.join(" ")}`);
}

Deno.test("scheduleOf() puts as many of one agent's transactions into a change as it is told to", () => {
  const trace = traceOf([0], [0, 0], [0, 1]);
  assertEquals(planOf(trace, 1), ["0: 0", "0: 1", "0: 2"]);
  assertEquals(planOf(trace, 2), ["0: 0 1", "0: 2"]);
  assertEquals(planOf(trace, 1000), ["0: 0 1 2"]);
});

Deno.test("scheduleOf() gives an empty trace an empty log", () => {
  assertEquals(planOf(traceOf(), 1), []);
  assertEquals(planOf({ ...traceOf(), agents: 3 }, 1000), []);
});

Deno.test("a change ends where somebody has seen what is before, and not what is after", () => {
  // Agent 1 sees the first two of agent 0, then all four.
  const trace = traceOf([0], [0, 0], [0, 1], [1, 1], [0, 2], [1, 3, 4]);
  assertEquals(planOf(trace, 1000), ["0: 0 1", "0: 2 4", "1: 3 5"]);
});

Deno.test("what was typed before something was seen may still stand behind that in a change of its own", () => {
  // Agent 1's second transaction has not seen agent 0's, its third has.
  const trace = traceOf([1], [1, 0], [0, 0], [1, 1, 2]);
  assertEquals(planOf(trace, 1), ["1: 0", "0: 2", "1: 1", "1: 3"]);
});

Deno.test("what was typed while an acknowledgement had to wait becomes one change", () => {
  // Agent 1's 1 stands behind agent 0's 0, which its 2 and 3 have not seen.
  const trace = traceOf([0], [1], [1, 1], [1, 2], [1, 3, 0], [0, 0, 1]);
  assertEquals(planOf(trace, 1), ["0: 0", "1: 1", "1: 2 3", "1: 4", "0: 5"]);
});

Deno.test("what is seen through a third agent's transactions counts as seen", () => {
  const trace = traceOf([0], [1, 0], [2, 1], [0, 0, 2]);
  assertEquals(planOf(trace, 1), ["0: 0", "1: 1", "2: 2", "0: 3"]);
});

Deno.test("three agents who all see each other's first only after their own second fit one log", () => {
  const trace = traceOf([0], [1], [2], [0, 0], [1, 1], [2, 2], [0, 3, 4, 5], [1, 3, 4, 5], [2, 3, 4, 5]);
  for (const most of sizes) planOf(trace, most);
});

Deno.test("an agent who never types is no trouble", () => {
  assertEquals(planOf(traceOf([0], [2, 0]), 1), ["0: 0", "2: 1"]);
});

function refusal(trace: Trace): string {
  const error = assertThrows(() => scheduleOf(trace), TraceError);
  assertEquals(error.code, "not_one_log");
  assert(!isPossible(trace), "an order of events gives the trace");
  return error.message;
}

Deno.test("two agents who type three changes before they see the other's first are refused", () => {
  // That the first of three is a change of its own, and the second, is seen from 6 to 9.
  const before = [[0], [1], [0, 0], [1, 1], [0, 2], [1, 3]] as const;
  const trace = traceOf(...before, [0, 4, 1], [1, 5, 0], [0, 6, 3], [1, 7, 2]);
  assertEquals(
    refusal(trace),
    "txns[0]: no one log gives this, for each must come before the next: " +
      "agent 1, who typed txns[5] before it saw txns[0], had txns[1] acknowledged; " +
      "agent 0, who typed txns[4] before it saw txns[1], had txns[0] acknowledged",
  );
  // If the second need not be one, it goes with the third, and the first need not have been acknowledged.
  for (const most of sizes) planOf(traceOf(...before, [0, 4, 1], [1, 5, 0]), most);
});

Deno.test("two agents who saw two others' changes in different orders are refused", () => {
  const trace = traceOf([0], [1], [2, 0], [3, 1], [2, 2, 1], [3, 3, 0]);
  assertEquals(
    refusal(trace),
    "txns[0]: no one log gives this, for each must come before the next: " +
      "agent 3 at txns[3] had seen txns[1] and not txns[0]; agent 2 at txns[2] had seen txns[0] and not txns[1]",
  );
});

Deno.test("an agent who had not seen what it did itself is refused as malformed", () => {
  const error = assertThrows(() => scheduleOf(traceOf([0], [1], [0, 0], [0, 0, 1])), TraceError);
  assertEquals(error.code, "malformed_trace");
  assertEquals(error.message, "txns[3].parents: agent 0 has not seen its own txns[2]");
});

/** What happens in a random execution. */
const acts = fc.array(
  fc.tuple(fc.nat(3), fc.constantFrom("type", "type", "type", "submit", "arrive", "hear", "hear")),
  { maxLength: 80, size: "max" },
);

/** The trace of an execution with one log, in which every client has one change in flight. */
function executed(agents: number, acts: readonly (readonly [number, string])[]): Trace {
  const drawn: Drawn[] = [];
  const log: { agent: number; transactions: number[] }[] = [];
  const clients = Array.from({ length: agents }, (_, agent) => ({
    client: new ModelClient(agent),
    submitted: undefined as number[] | undefined,
  }));
  for (const [who, act] of acts) {
    const agent = who % agents;
    const state = clients[agent]!;
    const { client } = state;
    const acknowledged = state.submitted === undefined && client.heard > client.last;
    if (act === "type") {
      client.typed.push(drawn.length);
      drawn.push([agent, ...client.seen]);
      client.seen.add(drawn.length - 1);
    } else if (act === "submit" && acknowledged && client.typed.length > 0) {
      state.submitted = client.typed;
      client.typed = [];
    } else if (act === "arrive" && state.submitted !== undefined) {
      client.last = log.push({ agent, transactions: state.submitted }) - 1;
      state.submitted = undefined;
    } else if (act === "hear" && client.heard < log.length) {
      client.hearNext(log);
    }
  }
  return { ...traceOf(...drawn), agents };
}

Deno.test("scheduleOf() finds a log for whatever clients with one log have done", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), acts, (agents, acts) => {
      const trace = executed(agents, acts);
      for (const most of sizes) playBack(trace, scheduleOf(trace, most));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("scheduleOf() makes no more changes when more may go into one", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), acts, (agents, acts) => {
    const trace = executed(agents, acts);
    const [one, two, many] = sizes.map((most) => scheduleOf(trace, most).changes.length);
    assert(one! >= two! && two! >= many!);
  }));
});

/** Whether any order of typing, submitting, arriving and hearing gives the trace: tries them all. */
function isPossible(trace: Trace): boolean {
  const bits = (indices: Iterable<number>) => [...indices].reduce((set, index) => set | (1 << index), 0);
  const wanted = ancestorsIn(trace).map(bits);
  const own = Array.from(
    { length: trace.agents },
    (_, agent) =>
      trace.transactions.flatMap((transaction, index) => transaction.agent === agent ? [index] : []),
  );
  interface Client {
    /** How many transactions are typed, submitted, and in the log. */
    readonly typed: number;
    readonly submitted: number;
    readonly logged: number;
    /** How much of the log is heard; where in it the last own change is. */
    readonly heard: number;
    readonly last: number;
    readonly seen: number;
  }
  type Log = readonly { readonly agent: number; readonly change: number }[];
  const tried = new Set<string>();
  const leadsOn = (log: Log, clients: readonly Client[]): boolean => {
    const next = clients.map(({ typed }, agent) => own[agent]![typed]);
    if (next.every((index) => index === undefined)) return true;
    // Nobody forgets what it has seen.
    if (clients.some(({ seen }, i) => next[i] !== undefined && (seen & ~wanted[next[i]]!) !== 0)) {
      return false;
    }
    const key = log.map(({ change }) => change).join() +
      clients.map((client) => Object.values(client).join()).join(";");
    if (tried.has(key)) return false;
    tried.add(key);
    return clients.some((client, agent) => {
      const { typed, submitted, logged, heard, last, seen } = client;
      const go = (now: Partial<Client>, longer: Log = log) =>
        leadsOn(longer, clients.with(agent, { ...client, ...now }));
      const index = next[agent];
      if (
        index !== undefined && seen === wanted[index] && go({ typed: typed + 1, seen: seen | (1 << index) })
      ) {
        return true;
      }
      const entry = log[heard];
      if (entry !== undefined && go({ heard: heard + 1, seen: seen | entry.change })) return true;
      if (logged < submitted) {
        const change = bits(own[agent]!.slice(logged, submitted));
        return go({ logged: submitted, last: log.length }, [...log, { agent, change }]);
      }
      return submitted < typed && heard > last && go({ submitted: typed });
    });
  };
  return leadsOn([], own.map(() => ({ typed: 0, submitted: 0, logged: 0, heard: 0, last: -1, seen: 0 })));
}

/** A small trace in which everybody has seen what they did themselves, and somebody else's each time. */
function anyTrace(agents: number, length: number): fc.Arbitrary<Trace> {
  const drafts = fc.array(fc.tuple(fc.nat(agents - 1), fc.nat()), { minLength: length, maxLength: length });
  return drafts.map((drafts) => {
    const last = new Map<number, number>();
    return traceOf(...drafts.map(([agent, draw], index): Drawn => {
      const before = last.get(agent);
      last.set(agent, index);
      return [agent, ...(before === undefined ? [] : [before]), ...(index === 0 ? [] : [draw % index])];
    }));
  });
}

Deno.test("scheduleOf() refuses a trace if, and only if, no order of events gives it", () => {
  for (const [agents, length] of [[3, 10], [4, 6]] as const) {
    let refused = 0;
    fc.assert(
      fc.property(anyTrace(agents, length), (trace) => {
        let found = true;
        try {
          for (const most of sizes) playBack(trace, scheduleOf(trace, most));
        } catch (error) {
          if (!(error instanceof TraceError) || error.code !== "not_one_log") throw error;
          found = false;
          refused++;
        }
        assertEquals(found, isPossible(trace));
      }),
      { numRuns: 300, seed: 1 },
    );
    assert(refused > 0, `none of ${agents} agents were refused`);
  }
});

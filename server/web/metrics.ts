/**
 * What happens in a server, counted for Prometheus. It sees what a recording sees, all that goes into the core and comes
 * out of it; so the core knows nothing of it, and does the same with and without. How much of everything there is at
 * a moment is asked of the core when somebody looks.
 *
 * A change is timed from the arrival of its frame to its place in an append (accepted), and to the word that this is
 * stored (durable). A session has one change under way, so the newest frame of its connection is the change's. One
 * whose frame came torn in two is not timed.
 *
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { holdsOperation } from "../../proto/mod.ts";
import type { ConnectionId, Figures, Input, LogEntry, Output } from "../core/mod.ts";
import type { Observer } from "../shell.ts";
import type { Route } from "./routes.ts";

/** Seconds: from what a machine with the log in memory needs to what nobody should wait for. */
const buckets = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  10,
];

/** Who speaks on a connection. */
interface Speaker {
  readonly kind: string;
  /** Their workspace and site, as one key. */
  readonly key: string;
  /** When the newest frame with a change came in; 0 once that was timed. */
  arrivedUs: number;
}

/** A change that is being stored. */
interface Timed {
  readonly kind: string;
  readonly arrivedUs: number;
}

export class Metrics implements Observer {
  readonly #registry = new Registry();
  readonly #changes: Counter<"kind">;
  readonly #refusals: Counter<"what" | "code">;
  readonly #accepted: Histogram<"kind">;
  readonly #durable: Histogram<"kind">;
  readonly #speakers = new Map<ConnectionId, Speaker>();
  /** The same, by workspace and site. */
  readonly #sites = new Map<string, Speaker>();
  /** Of each workspace, the changes in the append that is under way. */
  readonly #appending = new Map<string, readonly Timed[]>();
  #figures: (() => Figures) | undefined;

  constructor() {
    const registers = [this.#registry];
    const latency = (name: string, help: string) =>
      new Histogram({ name, help, labelNames: ["kind"], buckets, registers });
    this.#changes = new Counter({
      name: "distspace_changes_total",
      help: "Changes that are durable, by the kind of who made them.",
      labelNames: ["kind"],
      registers,
    });
    this.#refusals = new Counter({
      name: "distspace_refusals_total",
      help: "What was refused, by its code: a change, a connection or a request.",
      labelNames: ["what", "code"],
      registers,
    });
    this.#accepted = latency(
      "distspace_accepted_seconds",
      "From the arrival of a change to its place in the order.",
    );
    this.#durable = latency("distspace_durable_seconds", "From the arrival of a change until it is stored.");
    gauges(this.#registry, () => this.#figures?.() ?? { strangers: 0, rooms: [] });
  }

  begins(core: { figures(): Figures }): void {
    this.#figures = () => core.figures();
  }

  took(input: Input, outputs: readonly Output[]): void {
    const { kind, nowUs } = input;
    if (kind === "received") {
      const speaker = this.#speakers.get(input.connection);
      if (speaker !== undefined && holdsOperation(input.bytes)) speaker.arrivedUs = nowUs;
    } else if (kind === "appended") this.#stored(input.workspace, nowUs);
    else if (kind === "append_failed") this.#appending.delete(input.workspace);
    for (const output of outputs) {
      if (output.kind === "append") this.#ordered(output.workspace, output.entries, nowUs);
      else if (output.kind === "report") this.#reported(output.event, output.fields);
    }
  }

  failed(): void {}

  /** A door has turned somebody away. */
  turnedAway(code: string): void {
    this.#refusals.inc({ what: "request", code });
  }

  /** The route at which Prometheus asks. */
  route(): Route {
    const type = this.#registry.contentType;
    return {
      method: "GET",
      path: "/metrics",
      id: "getMetrics",
      says: "Figures of the server, as Prometheus reads them.",
      replies: { 200: { says: "That is it.", is: "text/plain" } },
      answer: async () => ({ status: 200, type, body: await this.#registry.metrics() }),
    };
  }

  /** Changes have their places, and are on their way to the log. */
  #ordered(workspace: string, entries: readonly LogEntry[], nowUs: number): void {
    const timed: Timed[] = [];
    for (const { site } of entries) {
      // Entries of no site are the server's own.
      if (site === 0) continue;
      const speaker = this.#sites.get(keyOf(workspace, site));
      const kind = speaker?.kind ?? "unknown", arrivedUs = speaker?.arrivedUs ?? 0;
      timed.push({ kind, arrivedUs });
      if (speaker === undefined || arrivedUs === 0) continue;
      speaker.arrivedUs = 0;
      this.#accepted.observe({ kind }, (nowUs - arrivedUs) / 1e6);
    }
    this.#appending.set(workspace, timed);
  }

  #stored(workspace: string, nowUs: number): void {
    for (const { kind, arrivedUs } of this.#appending.get(workspace) ?? []) {
      this.#changes.inc({ kind });
      if (arrivedUs > 0) this.#durable.observe({ kind }, (nowUs - arrivedUs) / 1e6);
    }
    this.#appending.delete(workspace);
  }

  #reported(event: string, fields: Readonly<Record<string, string | number>>): void {
    switch (event) {
      case "joined":
      case "resumed": {
        const key = keyOf(`${fields.workspace}`, Number(fields.site));
        const speaker = { kind: `${fields.kind}`, key, arrivedUs: 0 };
        this.#speakers.set(Number(fields.connection), speaker);
        this.#sites.set(key, speaker);
        return;
      }
      case "closed": {
        const connection = Number(fields.connection), speaker = this.#speakers.get(connection);
        this.#speakers.delete(connection);
        // Somebody may have resumed the session already.
        if (speaker !== undefined && this.#sites.get(speaker.key) === speaker) {
          this.#sites.delete(speaker.key);
        }
        return;
      }
      case "refused":
        return this.#refusals.inc({ what: "change", code: `${fields.code}` });
      case "ending":
        return this.#refusals.inc({ what: "connection", code: `${fields.code}` });
    }
  }
}

function keyOf(workspace: string, site: number): string {
  return `${site} ${workspace}`;
}

/** What there is at the moment when somebody asks. */
function gauges(registry: Registry, figures: () => Figures): void {
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (set: (labels: Partial<Record<Label, string | number>>, value: number) => void) => void,
  ) =>
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  const ofRooms = (name: string, help: string, value: (room: Figures["rooms"][number]) => number) =>
    gauge(name, help, ["workspace"], (set) => {
      for (const room of figures().rooms) set({ workspace: room.workspace }, value(room));
    });

  gauge("distspace_connections", "Connections, by the kind of who is there.", ["kind"], (set) => {
    const { strangers, rooms } = figures();
    for (const kind of ["human", "agent", "ci"]) set({ kind }, 0);
    set({ kind: "unknown" }, strangers);
    for (const { followers } of rooms) for (const { kind } of followers) set({ kind }, 1);
  });
  gauge(
    "distspace_client_lag_entries",
    "Entries that are durable and not handed to a client's connection yet.",
    ["workspace", "site", "kind"],
    (set) => {
      for (const { workspace, followers } of figures().rooms) {
        for (const { site, kind, behind } of followers) set({ workspace, site, kind }, behind);
      }
    },
  );
  ofRooms("distspace_revision", "The newest durable entry of a workspace.", ({ revision }) => revision);
  ofRooms("distspace_queued_changes", "Changes that have no place in the order yet.", ({ queued }) => queued);
  ofRooms("distspace_appending_changes", "Changes on their way to the log.", ({ appending }) => appending);
  ofRooms("distspace_history_entries", "Entries kept in memory.", ({ historyEntries }) => historyEntries);
  ofRooms(
    "distspace_history_bytes",
    "What the entries kept in memory weigh.",
    ({ historyWeight }) => historyWeight,
  );
  gauge(
    "process_resident_memory_bytes",
    "Memory of the process.",
    [],
    (set) => set({}, Deno.memoryUsage().rss),
  );
}

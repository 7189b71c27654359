/**
 * A simulation: the real server core and the real client cores under virtual time, on a network and a disk that
 * break as the scenario says, before judges that share nothing with what they judge.
 *
 *     calm ──► storm: deeds and faults ──► calm: faults end for the server and most clients,
 *              and these must settle ──► coda: one takes everything back, somebody new comes, all is compared
 *
 * One scenario gives one run: the hash over all inputs and outputs of all cores is the same on every machine.
 *
 * @module
 */

import { ClientCore, type ClientEvent, type ClientInput, type ClientOutput } from "../client/core/mod.ts";
import { type Change, contentsIn, type Edit, type Workspace } from "../ot/mod.ts";
import type { Participant } from "../proto/mod.ts";
import {
  defaultSettings,
  type Grant,
  type Input,
  type LogEntry,
  type Output,
  ServerCore,
} from "../server/core/mod.ts";
import { Administrator } from "./administrator.ts";
import { Alphabet } from "./alphabet.ts";
import { ClientHost, type ClientWorld } from "./client_host.ts";
import { Hostile } from "./hostile.ts";
import type { DeedMeaning } from "./judges/answers.ts";
import { Failure } from "./judges/failure.ts";
import { ClientJudge, hostile, judgePresence, WorkspaceJudge } from "./judges/judge.ts";
import { judgeRights, RightsJudge, SentUnder } from "./judges/rights.ts";
import { ServerSilence } from "./judges/silence.ts";
import { WireJudge } from "./judges/wire.ts";
import { type LogObserver, SimulatedLog } from "./log.ts";
import { type Connection, Network, type WireObserver } from "./network.ts";
import { type DeedObserver, Person } from "./person.ts";
import { Random, type Stream } from "./random.ts";
import type { ClientPlan, GrantPlan, Scenario, Trouble } from "./scenario.ts";
import { Scheduler } from "./scheduler.ts";
import { ServerHost, type ServerObserver } from "./server_host.ts";
import { TokenOffice } from "./token_office.ts";
import { TraceHash } from "./trace_hash.ts";
import { restart, type Stage, startAgain, strike } from "./trouble.ts";

/** What a run came to. */
export interface Outcome {
  /** Over all inputs and outputs of all cores. */
  readonly hash: string;
  readonly failure: Failure | undefined;
  /** Virtual microseconds. */
  readonly timeUs: number;
  /** Entries in all logs. */
  readonly changes: number;
  /** Messages that servers sent to clients. */
  readonly messages: number;
  /** Inputs of all cores. */
  readonly inputs: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly marks: ReadonlyMap<string, number>;
}

/** Who takes down what every core is told and what it says. */
export interface Tap {
  started(node: string, kind: "server" | "client", options: unknown): void;
  stepped(node: string, input: Input | ClientInput, outputs: readonly (Output | ClientOutput)[]): void;
}

export interface SimulationOptions {
  /** Without judges a run is only driven and hashed: to measure, and to show that they change nothing. */
  readonly judges?: boolean;
  /** Once in so many events the core that is about to step is saved and restored; 0 is never. */
  readonly amnesia?: number;
  readonly tap?: Tap;
}

/** The virtual clock begins here: microseconds since 1970. */
export const originUs = 1_700_000_000_000_000;
/** How long after the faults have ended everything must be settled, beside what changes take that wait. */
const settleUsMax = 300_000_000;
/** How long one of them may take beside the way there and back, for the bytes that it names and for itself. */
const changeUsMax = 1_000_000;
/** The token of who looks after the servers. */
const administrator: GrantPlan = { capabilities: [["admin"]], expiresUs: 0 };
/** The token of who is given none in particular. */
const everything: GrantPlan = { capabilities: [["edit:**", "tree:**"]], expiresUs: 0 };
/** How often it is asked whether it is. */
const lookUs = 10_000;
/** What everybody has to say about where they are is said by then. */
const silenceUs = 3_000_000;

export class Simulation
  implements ClientWorld, ServerObserver, LogObserver, WireObserver, DeedObserver, Stage {
  readonly scheduler = new Scheduler();
  readonly hosts: ClientHost[] = [];
  readonly servers: ServerHost[] = [];
  readonly log: SimulatedLog;
  readonly network: Network;
  readonly #random: Random;
  readonly #draws: Stream;
  readonly #amnesiaDraws: Stream;
  readonly #scenario: Scenario;
  readonly #options: SimulationOptions;
  readonly #judged: boolean;
  readonly #people = new Map<ClientHost, Person>();
  readonly #judges = new Map<ClientHost, ClientJudge>();
  readonly #workspaces = new Map<string, WorkspaceJudge>();
  readonly #alphabets = new Map<string, Alphabet>();
  readonly #wires = new Map<Connection, WireJudge>();
  readonly #tokens = new TokenOffice();
  /** Where everybody needs a token: who looks that it is kept to, by connection. */
  readonly #rights = new Map<Connection, RightsJudge>();
  readonly #sentUnder = new SentUnder();
  /** Who looks that nobody is kept who is gone, by server. */
  readonly #silences = new Map<ServerHost, ServerSilence>();
  /** Ids of tokens that each server knows to be good for nothing. */
  readonly #ended = new Map<ServerHost, Set<string>>();
  /** How long somebody waits until a client that was sent away is started again. */
  readonly #kickedForUs = new Map<ClientHost, number>();
  /** The newest revision of each log. */
  readonly #heads = new Map<string, number>();
  readonly #hash = new TraceHash();
  readonly #faults = new Map<string, number>();
  readonly #marks = new Map<string, number>();
  #messages = 0;
  /** Whether faults are over. */
  isCalm = false;

  constructor(scenario: Scenario, options: SimulationOptions = {}) {
    this.#scenario = scenario;
    this.#options = options;
    this.#judged = options.judges !== false;
    const random = this.#random = new Random(scenario.seed);
    this.#draws = random.stream("world");
    this.#amnesiaDraws = random.stream("amnesia");
    this.log = new SimulatedLog(this.scheduler, random, scenario.disk, this);
    const settings = { ...defaultSettings, ...scenario.settings };
    const servers = 1 + Math.max(0, ...scenario.clients.map(({ server }) => server));
    for (let index = 0; index < servers; index++) {
      const draws = random.stream("server", index);
      const host = new ServerHost(
        index,
        settings,
        this.scheduler,
        draws,
        this.log,
        originUs,
        this,
        this.#tokens,
      );
      this.servers.push(host);
    }
    if (servers > 1) this.log.watch((workspace) => this.servers.forEach((server) => server.look(workspace)));
    this.network = new Network(this.scheduler, random, this.servers, this);
    for (const host of this.servers) this.started(host);
    scenario.clients.forEach((plan, index) => this.#host(plan, index));
    scenario.hostiles.forEach((plan, index) => {
      new Hostile(
        index,
        plan,
        this.scheduler,
        random.stream("hostile", index),
        this.network,
        this.servers[0]!,
        (trick) => this.mark(`trick ${trick}`),
        this.#tokenOf({ name: `hostile ${index + 1}`, kind: "agent" }, plan.grant),
      );
    });
    this.#inTurn(scenario.deeds, "deeds", ({ atUs: _, client, ...deed }) => {
      this.#people.get(this.hosts[client]!)!.perform(deed);
    });
    this.#inTurn(scenario.faults, "faults", ({ atUs: _, ...trouble }) => this.#strike(trouble));
  }

  /** Runs each of a list at its time: only the next one waits among the events, so that a long list costs nothing. */
  #inTurn<T extends { readonly atUs: number }>(
    list: readonly T[],
    name: string,
    run: (item: T) => void,
  ): void {
    const draws = this.#random.stream("in turn", name);
    let next = 0;
    const follow = () => {
      const item = list[next++];
      if (item === undefined) return;
      this.scheduler.at(item.atUs, draws.word(), () => {
        follow();
        run(item);
      });
    };
    follow();
  }

  #strike(trouble: Trouble): void {
    if (this.isCalm && !("client" in trouble && this.#isLeftBehind(trouble.client))) return;
    this.#count(this.#faults, trouble.kind);
    strike(trouble, this);
  }

  /** Runs to the end, or to the first failure. */
  run(): Outcome {
    let failure: Failure | undefined;
    try {
      this.#runAll();
    } catch (error) {
      failure = error instanceof Failure
        ? error
        : new Failure("no_panic", error instanceof Error ? error.message : String(error), stackOf(error));
      failure.atUs = this.scheduler.nowUs;
    }
    let changes = 0;
    for (const revision of this.#heads.values()) changes += revision;
    return {
      hash: this.#hash.toString(),
      failure,
      timeUs: this.scheduler.nowUs,
      changes,
      messages: this.#messages,
      inputs: this.#hash.inputs,
      faults: this.#faults,
      marks: this.#marks,
    };
  }

  #runAll(): void {
    const { calmUs, undoAll } = this.#scenario;
    const last = Math.max(calmUs, this.#scenario.deeds[this.#scenario.deeds.length - 1]?.atUs ?? 0);
    while (this.scheduler.step(calmUs));
    this.#calm();
    this.#runFor(last - calmUs);
    this.#settle("after the storm");
    this.#judgeAll();
    if (undoAll !== undefined) this.#undoAll(undoAll);
    this.#witness();
  }

  // Tokens ----------------------------------------------------------------------------------------------------

  get #needsTokens(): boolean {
    return this.#scenario.settings.authentication === true;
  }

  #tokenOf(participant: Participant, plan: GrantPlan | undefined): string | undefined {
    if (!this.#needsTokens) return undefined;
    return this.#tokens.issue(participant, plan ?? everything, originUs);
  }

  reissue(host: ClientHost, capabilities?: GrantPlan["capabilities"]): void {
    const { token, participant } = host.options;
    if (token === undefined || host.isBarred) return;
    const tokens = this.#tokens.revoke(token);
    for (const server of this.servers) server.input({ kind: "revoked", tokens });
    if (capabilities === undefined) host.isBarred = true;
    else this.#give(host, this.#tokenOf(participant, { capabilities, expiresUs: 0 })!);
  }

  kick(host: ClientHost, holdMs: number, downUs: number): void {
    const server = this.servers[host.server]!;
    if (server.state !== "up") return;
    this.#kickedForUs.set(host, downUs);
    const { name, workspace } = host;
    new Administrator(
      { kind: "kick", workspace, site: 0, name, connection: 0, holdMs },
      server,
      host.quality,
      this.network,
      this.#tokenOf({ name: "administrator", kind: "human" }, administrator),
      (code) => {
        if (code === "") this.mark("administrator answered");
      },
    );
  }

  /** Who is sent away ends; somebody starts it again by hand. */
  #whenSentAway(host: ClientHost, event: ClientEvent): void {
    if (event.kind !== "status" || event.phase !== "ended") return;
    const code = event.problem?.code ?? "";
    if (code !== "kicked" && code !== "kept_out") return;
    const { life } = host;
    const downUs = code === "kicked" ? this.#kickedForUs.get(host) ?? 0 : lookUs * 10;
    this.after(0, () => {
      if (host.life === life) startAgain(host, downUs, this);
    });
  }

  #give(host: ClientHost, token: string): void {
    host.options = { ...host.options, token };
    host.grant = this.#tokens.grantOf(token)!;
    const { expiresMs } = host.grant;
    if (expiresMs === 0) return;
    this.scheduler.at(expiresMs * 1000 - originUs, this.#draws.word(), () => {
      if (host.options.token === token) host.isBarred = true;
    });
  }

  // Hosts -----------------------------------------------------------------------------------------------------

  #host(plan: ClientPlan, index: number): ClientHost {
    const { name, kind, workspace, joinUs, quality, clockUs, accepted, pauseUs, lazy = false, signs } = plan;
    const host = new ClientHost(
      index,
      name,
      {
        ...{ workspace, participant: { name, kind }, seed: index + 1, accepted, pauseUs, lazy },
        ...signs === true ? { signingKey: secretKeyOf(index) } : {},
      },
      plan.server,
      quality,
      this.scheduler,
      this.#random.stream("client", index),
      this,
      originUs + clockUs,
    );
    this.hosts.push(host);
    const token = this.#tokenOf({ name, kind }, plan.grant);
    if (token !== undefined) this.#give(host, token);
    const alphabet = this.#alphabetOf(workspace);
    this.#people.set(host, new Person(host, alphabet, this));
    this.#judges.set(host, new ClientJudge(host, this.#judgeOf(workspace)));
    this.scheduler.at(joinUs, this.#draws.word(), () => host.start(undefined));
    return host;
  }

  #alphabetOf(workspace: string): Alphabet {
    let alphabet = this.#alphabets.get(workspace);
    if (alphabet === undefined) {
      const draws = this.#random.stream("alphabet", workspace);
      alphabet = new Alphabet(draws, this.#scenario.plain, this.#named());
      this.#alphabets.set(workspace, alphabet);
    }
    return alphabet;
  }

  /** The characters that the scenario names itself, and that nobody else may type. */
  #named(): Set<number> {
    const named = new Set<number>();
    for (const deed of this.#scenario.deeds) {
      if (deed.do !== "edit") continue;
      for (const { insert } of deed.op) for (const character of insert) named.add(character.codePointAt(0)!);
    }
    return named;
  }

  #judgeOf(workspace: string): WorkspaceJudge {
    let judge = this.#workspaces.get(workspace);
    if (judge === undefined) {
      this.#workspaces.set(
        workspace,
        judge = new WorkspaceJudge(workspace, this.servers[0]!.settings, this.#scenario.unique),
      );
    }
    return judge;
  }

  // The calm -----------------------------------------------------------------------------------------------------

  #isLeftBehind(client: number): boolean {
    return this.#scenario.leftBehind.includes(client);
  }

  /** Faults end for the servers, and for all clients but those who are left behind. */
  #calm(): void {
    this.isCalm = true;
    this.log.heal();
    this.network.refuse(0);
    for (const server of this.servers) {
      server.resume();
      server.start();
    }
    for (const host of this.hosts) {
      if (this.#isLeftBehind(host.index)) {
        this.network.part(host, "both", Infinity);
        continue;
      }
      this.network.heal(host);
      host.resume();
      restart(host);
    }
  }

  // The end ---------------------------------------------------------------------------------------------------

  /** Those who are to settle. */
  #settling(): ClientHost[] {
    return this.hosts.filter((host) =>
      host.state !== "gone" && !host.isBarred && !this.#isLeftBehind(host.index)
    );
  }

  /** Lets time pass until everybody who can is at the head, with nothing left to say. */
  #settle(when: string): void {
    const beginUs = this.scheduler.nowUs;
    let patienceUs = settleUsMax;
    const isOver = () => {
      patienceUs = Math.max(patienceUs, settleUsMax + this.#backlogUs());
      return this.scheduler.nowUs > beginUs + patienceUs;
    };
    while (!this.#isSettled()) {
      if (isOver()) throw this.#unsettled(when);
      this.#runFor(lookUs);
    }
    this.#runFor(silenceUs);
    while (!this.#isSettled() || !this.#isSilent()) {
      if (isOver()) throw this.#unsettled(when);
      this.#runFor(lookUs);
    }
  }

  /** How long those may take who have to send one change after the other over a slow link. */
  #backlogUs(): number {
    let longestUs = 0;
    for (const { core, quality: { latencyUs } } of this.#settling()) {
      const usPerChange = 4 * Math.max(...latencyUs) + changeUsMax;
      longestUs = Math.max(longestUs, core.unsentCount * usPerChange);
    }
    return longestUs;
  }

  #runFor(us: number): void {
    const until = this.scheduler.nowUs + us;
    while (this.scheduler.step(until));
    this.scheduler.nowUs = Math.max(this.scheduler.nowUs, until);
  }

  #isSettled(): boolean {
    return this.#settling().every((host) => this.#waitsFor(host) === undefined);
  }

  /** Whether nothing is on its way to those who are to settle, or from them. */
  #isSilent(): boolean {
    return this.#settling().every((host) => {
      const connection = this.network.of(host);
      return connection === undefined || connection.up.bytes + connection.down.bytes === 0;
    });
  }

  /** What a client waits for; undefined if it is settled. */
  #waitsFor(host: ClientHost): string | undefined {
    const { core, state, workspace } = host;
    if (state !== "up") return `to be started: it is ${state}`;
    if (core.phase !== "online") return `a connection: it is ${core.phase}`;
    if (this.network.of(host)?.serverIsOn !== true) return "to find out that its connection is gone";
    if (core.unsentCount > 0) return `the answer to ${core.unsentCount} changes`;
    const revision = this.#heads.get(workspace) ?? 0;
    if (core.revision !== revision) return `entries: it is at ${core.revision} of ${revision}`;
    return undefined;
  }

  #unsettled(when: string): Failure {
    const waiting = this.#settling().map((host) => [host.name, this.#waitsFor(host)] as const)
      .filter(([, what]) => what !== undefined).map(([name, what]) => `${name} waits for ${what}`);
    return new Failure("liveness", `not everybody settles ${when}`, waiting.join("\n"));
  }

  #judgeAll(): void {
    if (!this.#judged) return;
    const settling = this.#settling();
    for (const host of settling) this.#judges.get(host)!.judge();
    judgePresence(settling, (workspace) => this.#sitesOf(workspace));
    for (const workspace of this.#workspaces.values()) {
      workspace.judgeMemories();
      workspace.judgeSignatures();
      if (workspace.lost) continue;
      workspace.characters.judgeDurable((change) =>
        [...this.#judges.values()].some((judge) =>
          judge.workspace === workspace && judge.isDurable(change) === true
        )
      );
    }
    for (const [connection, wire] of this.#wires) {
      if (!connection.callerIsOn || !connection.serverIsOn || !wire.honest || wire.unanswered.size === 0) {
        continue;
      }
      const host = this.#hostOf(connection);
      if (host === undefined || host.isBarred || this.#isLeftBehind(host.index)) continue;
      throw new Failure(
        "exactly_once",
        "a change that was sent was never answered",
        `seq ${[...wire.unanswered]} of ${wire.name}`,
      );
    }
  }

  /** The sites of those whom a server still has a connection of. */
  #sitesOf(workspace: string): ReadonlySet<number> | undefined {
    const sites = new Set<number>();
    for (const [connection, { site }] of this.#wires) {
      if (!connection.serverIsOn || this.#workspaceOf(connection) !== workspace) continue;
      // Its welcome has not gone out: nobody but the server knows whose it is.
      if (site === 0) return undefined;
      sites.add(site);
    }
    return sites;
  }

  /** One client takes back all that it did: what others did stays, and nothing of its own. */
  #undoAll(index: number): void {
    const host = this.hosts[index]!;
    if (host.state !== "up" || host.isBarred || this.#isLeftBehind(index)) return;
    const workspace = this.#judgeOf(host.workspace);
    const person = this.#people.get(host)!;
    const before = workspace.characters.census(index), { revision } = workspace;
    for (let i = 0; i < 10_000 && host.core.canUndo; i++) person.takeBack("undo");
    this.#settle("after everything of one client has been taken back");
    this.#judgeAll();
    if (!this.#judged || workspace.lost || !this.#scenario.unique) return;
    const after = workspace.characters.census(index);
    const gone = [...before.others].filter((character) => !after.others.includes(character));
    // What had come in of those that are left behind, and of earlier runs, may have been stored only now.
    const isAlone = workspace.isOnlyBy(host.core.site, revision);
    if (gone.length > 0 && isAlone) {
      throw new Failure("undo", "taking back one's own takes away what is somebody else's", gone.join(" "));
    }
    this.mark(after.own === "" ? "took back everything" : "took back what this run did");
  }

  /** Somebody new comes, and sees what all see. */
  #witness(): void {
    for (const workspace of this.#workspaces.keys()) {
      const plan = this.#scenario.clients.find((client) => client.workspace === workspace)!;
      const { grant: _, ...rest } = plan;
      const host = this.#host({
        ...rest,
        name: `witness of ${workspace}`,
        joinUs: this.scheduler.nowUs,
        clockUs: 0,
        quality: { latencyUs: [1000], bandwidth: 0, windowBytes: 1 << 16, pieces: 1 },
      }, this.hosts.length);
      this.#runFor(lookUs);
      if (host.state !== "up") throw new Failure("liveness", "a witness does not start", workspace);
    }
    this.#settle("when somebody new comes");
    this.#judgeAll();
  }

  // What is heard ---------------------------------------------------------------------------------------------

  open(host: ClientHost, attempt: number): void {
    this.network.open(host, attempt);
  }

  started(host: ClientHost | ServerHost): void {
    if (host instanceof ServerHost) {
      this.#ended.set(host, new Set(this.#tokens.revoked));
      this.#silences.set(host, new ServerSilence(host.name, host.settings));
      this.#hash.started(host.index);
      this.#options.tap?.started(host.name, "server", host.settings);
      return;
    }
    this.#hash.started(~host.index);
    this.#options.tap?.started(host.name, "client", host.options);
    if (this.#judged) this.#judges.get(host)!.started();
  }

  stepped(host: ServerHost, input: Input, outputs: readonly Output[]): void;
  stepped(host: ClientHost, input: ClientInput, outputs: readonly ClientOutput[]): void;
  stepped(
    host: ServerHost | ClientHost,
    input: Input | ClientInput,
    outputs: readonly Output[] | readonly ClientOutput[],
  ): void {
    this.#options.tap?.stepped(host.name, input, outputs);
    if (host instanceof ServerHost) {
      this.#hash.server(host.index, input as Input, outputs as readonly Output[]);
      if (this.#judged) this.#silences.get(host)!.stepped(input as Input, outputs as readonly Output[]);
      if (this.#needsTokens) this.#judgeEnded(host, input as Input, outputs as readonly Output[]);
      if (this.#forgets()) host.core = ServerCore.restore(host.settings, copyOf(host.core.save()));
      return;
    }
    this.#hash.client(host.index, input as ClientInput, outputs as readonly ClientOutput[]);
    if (this.#judged) {
      this.#judges.get(host)!.stepped(input as ClientInput, outputs as readonly ClientOutput[]);
    }
    for (const output of outputs as readonly ClientOutput[]) {
      if (output.kind !== "event") continue;
      this.#markEvent(output.event);
      this.#whenSentAway(host, output.event);
      if (output.event.kind === "answer") this.#people.get(host)?.heard(output.event.answer);
    }
    if (this.#forgets()) host.core = ClientCore.restore(host.options, copyOf(host.core.save()));
  }

  reported(_host: ServerHost, event: string, fields: Readonly<Record<string, string | number>>): void {
    this.mark(`server ${event}`);
    if (event !== "ending") return;
    for (const [{ id }, wire] of this.#wires) if (id === fields.connection) wire.isEnding = true;
  }

  stored(workspace: string, entries: readonly LogEntry[]): void {
    this.#heads.set(workspace, entries[entries.length - 1]!.revision);
    if (this.#judged) {
      const { reference } = this.#judgeOf(workspace);
      this.#judgeOf(workspace).stored(entries, () => this.#sentToAll(workspace));
      if (this.#needsTokens) {
        for (const entry of entries) {
          judgeRights(entry, this.#sentUnder.of(entry.session, entry.seq), reference);
        }
      }
      this.#judgeContents(workspace, entries);
    }
    for (const { session, notices, change: { steps } } of entries) {
      for (const { kind } of notices) this.mark(`notice ${kind}`);
      if (session === "" && steps.length > 0) this.mark("forgotten");
    }
  }

  /** Up to where everybody whom the server has a connection of has been sent what there is. */
  #sentToAll(workspace: string): number {
    let least = Infinity;
    // Of several servers, each knows of its own clients alone.
    if (this.servers.length > 1) return least;
    for (const [connection, { site, sent, isEnding }] of this.#wires) {
      if (!connection.serverIsOn || isEnding || this.#workspaceOf(connection) !== workspace) continue;
      if (site !== 0 && sent >= 0) least = Math.min(least, sent);
    }
    return least;
  }

  /** What an entry names is in the log when the entry is. */
  #judgeContents(workspace: string, entries: readonly LogEntry[]): void {
    for (const { revision, change } of entries) {
      for (const { hash, bytes } of contentsIn(change.steps)) {
        const length = this.log.contentLength(workspace, hash);
        if (length === bytes) continue;
        const what = `${bytes} bytes of ${hash}: ${length ?? "none"} are there`;
        throw new Failure("durability", "an entry names bytes that the log has not got", what, revision);
      }
    }
  }

  lost(workspace: string, revision: number): void {
    this.#heads.set(workspace, revision);
    if (!this.#judged) return;
    this.#judgeOf(workspace).reset(revision);
    for (const judge of this.#judges.values()) {
      if (judge.host.workspace === workspace) judge.becomeStale();
    }
  }

  fellBack(): void {
    this.mark("fell back");
  }

  unreadable(workspace: string): void {
    this.mark("unreadable");
    if (this.#judged) this.#judgeOf(workspace).wasUnreadable = true;
  }

  opened(connection: Connection): void {
    if (!this.#judged) return;
    for (const [other] of this.#wires) {
      if (other.callerIsOn || other.serverIsOn) continue;
      this.#wires.delete(other);
      this.#rights.delete(other);
    }
    const workspace = this.#judgeOf(this.#workspaceOf(connection));
    this.#wires.set(
      connection,
      new WireJudge(
        connection.caller.name,
        connection.caller instanceof ClientHost,
        workspace,
        workspace.submitted,
        (what) => this.mark(what),
        keyOf(connection),
      ),
    );
    workspace.owners.set(keyOf(connection), this.#hostOf(connection)?.index ?? hostile);
    if (!this.#needsTokens) return;
    const { server } = connection;
    this.#rights.set(
      connection,
      new RightsJudge(
        connection.caller.name,
        () => workspace.reference,
        this.#sentUnder,
        (token) => this.#tokens.grantOf(token),
        (grant) => this.#hasEnded(server, grant),
        keyOf(connection),
      ),
    );
  }

  #hasEnded(server: ServerHost, { tokens, expiresMs }: Grant): boolean {
    const nowMs = Math.floor((originUs + this.nowUs) / 1000);
    return (expiresMs !== 0 && nowMs >= expiresMs) ||
      tokens.some((id) => this.#ended.get(server)!.has(id));
  }

  /** What is not in the log when a token is taken back does not get there any more. */
  #judgeEnded(server: ServerHost, input: Input, outputs: readonly Output[]): void {
    if (input.kind === "revoked") {
      for (const id of input.tokens) this.#ended.get(server)!.add(id);
    }
    if (!this.#judged) return;
    for (const output of outputs) {
      if (output.kind !== "append") continue;
      for (const { session, seq, revision } of output.entries) {
        const grants = this.#sentUnder.of(session, seq);
        if (grants.length === 0 || !grants.every((grant) => this.#hasEnded(server, grant))) continue;
        throw new Failure("rights", "a change gets its place whose token has ended", `seq ${seq}`, revision);
      }
    }
  }

  #hostOf({ caller }: Connection): ClientHost | undefined {
    return caller instanceof ClientHost ? caller : undefined;
  }

  #workspaceOf(connection: Connection): string {
    const { caller } = connection;
    if (caller instanceof Administrator) return caller.kick.workspace;
    return this.#hostOf(connection)?.workspace ?? this.#scenario.hostiles[0]!.workspace;
  }

  saidByServer(connection: Connection, bytes: Uint8Array): void {
    this.#messages += framesIn(bytes);
    this.#wires.get(connection)?.saidByServer(bytes);
    this.#rights.get(connection)?.saidByServer(bytes);
  }

  saidByClient(connection: Connection, bytes: Uint8Array): void {
    this.#wires.get(connection)?.saidByClient(bytes);
    this.#rights.get(connection)?.saidByClient(bytes);
  }

  changes(host: ClientHost, number: number, change: Change, how: DeedMeaning): void {
    if (this.#judged) this.#judges.get(host)!.changes(number, change, how);
  }

  tookBack(host: ClientHost, before: Workspace, edits: readonly Edit[], isChange: boolean): void {
    if (this.#judged) this.#judges.get(host)!.tookBack(before, edits, isChange);
  }

  #forgets(): boolean {
    const { amnesia = 0 } = this.#options;
    return amnesia > 0 && this.#amnesiaDraws.isOneIn(amnesia);
  }

  get nowUs(): number {
    return this.scheduler.nowUs;
  }

  after(us: number, run: () => void): void {
    this.scheduler.at(this.nowUs + us, this.#draws.word(), run);
  }

  comesAgain(host: ClientHost): void {
    if (this.#judged) this.#judges.get(host)!.comesAgain();
  }

  #markEvent(event: ClientEvent): void {
    if (event.kind === "renumbered") this.mark("client renumbered");
    else if (event.kind === "settled") {
      const { outcome } = event;
      this.mark(
        outcome.kind === "refused" ? `client refused ${outcome.problem.code}` : `client ${outcome.kind}`,
      );
      if (event.changes.length > 1) this.mark("client composed");
    } else if (event.kind === "answer") {
      if (event.answer.items.some(({ kind }) => kind === "bytes")) this.mark("client fetched");
      if (event.answer.items.some(({ kind }) => kind === "undone")) this.mark("client told undone");
      if (event.answer.last) this.mark(event.answer.code === "" ? "client answered" : "client not answered");
    } else if (event.kind === "loaded") {
      this.mark("client loaded");
    } else if (event.kind === "status" && event.problem !== undefined) {
      this.mark(`client told ${event.problem.code}`);
    }
  }

  mark(name: string): void {
    this.#count(this.#marks, name);
  }

  #count(map: Map<string, number>, name: string): void {
    map.set(name, (map.get(name) ?? 0) + 1);
  }
}

/** How many messages there are in what a server says at once: a long one counts once for each of its parts. */
function framesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + 4 <= bytes.length; count++) {
    at += 4 + (((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0);
  }
  return count;
}

/** What somebody signs with: 64 hexadecimal digits. */
function secretKeyOf(index: number): string {
  return (index + 1).toString(16).padStart(64, "0");
}

/** Named so that nobody guesses it, but the judges. */
function keyOf({ id }: Connection): string {
  return `key ${id}`;
}

/** What a node is after it has been written down and read again. */
function copyOf<T>(saved: T): T {
  return JSON.parse(JSON.stringify(saved)) as T;
}

/** Where an error came from: for people, since it differs between engines. */
function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? "" : "";
}

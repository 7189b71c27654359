/**
 * `deno task serve`: runs the live server.
 *
 * One line on standard output says where it listens, for the web first and last for TCP; what happens is logged on
 * standard error, a JSON object a line. SIGINT and SIGTERM end it once everything taken in is settled and everybody
 * has been told; a second one ends it at once.
 *
 * @module
 */

import pino from "pino";
import {
  defaultSettings,
  isLoopback,
  type Log,
  type LogEntry,
  MemoryLog,
  Metrics,
  observersOf,
  openWeb,
  secret,
  serveTcp,
  type Settings,
  Shell,
  type ShellOptions,
  type Web,
} from "../server/mod.ts";
import { authenticator, readKeys, WatchedTokens } from "../server/tokens/mod.ts";
import { selfSignedFor } from "./self_signed.ts";
import { DataError, type Retention, SqliteLog } from "../server/sqlite/mod.ts";
import { Command, exitsHelp, InvalidArgumentError, oneOf, Option, wholeNumber } from "./command.ts";
import { duration, retention, size } from "./log_words.ts";
import { Recording } from "./record.ts";

/** What somebody should look at who is told of nothing else: it is logged as a warning. */
const troubles: ReadonlySet<string> = new Set([
  "accept_failed",
  "append_failed",
  "checkpoint_failed",
  "checkpoint_passed_over",
  "load_failed",
  "log_error",
  "log_unreadable",
  "poll_failed",
  "recording_failed",
  "upkeep_failed",
]);
/** How long the last words to everybody may take. */
const stopMs = 5000;

export const serveCommand = new Command("serve")
  .description("Run the live server.")
  .option("--host <address>", "the address to listen on", "127.0.0.1")
  .option("--port <number>", "the TCP port to listen on; 0 for a free one", wholeNumber(0, 65535), 8000)
  .option("--tokens <file>", "ask everybody for a token, and take those in this file (deno task token)")
  .option("--jwt-key <file>", "ask everybody for a token, and take those that this key has signed, a JWK")
  .option("--require-signed", "take changes only from those who sign them (--sign); who only reads need not")
  .option("--cert <file>", "speak TLS, with this certificate, in PEM")
  .option("--key <file>", "the private key of the certificate, in PEM")
  .option(
    "--self-signed",
    "speak TLS with a certificate made for this run, for trying: clients are told to trust it",
  )
  .option(
    "--http-port <number>",
    "the port for WebSocket and HTTP; 0 for a free one (default: the one after --port)",
    wholeNumber(0, 65535),
  )
  .option("--no-http", "no WebSocket and no HTTP, TCP alone")
  .option(
    "--origin <origin>",
    "let pages of this origin use the server, like https://example.org; may be given several times",
    origins,
  )
  .option("--data <dir>", "the folder that everything is kept in; made if it is not there", "./data")
  .option("--memory", "keep everything in memory: all is gone when the server ends")
  .option(
    "--relaxed",
    "call durable what the machine has not written yet: faster, and gone if its power fails in that moment",
  )
  .addOption(
    new Option(
      "--retain <how-much>",
      "how much of the past stays: all, an age like 30d, or a number of entries",
    ).argParser(retention)
      .default({ kind: "all" } as const, "all"),
  )
  .addOption(
    new Option("--keep-removed <duration>", "for how long what is removed can be restored").argParser(
      duration,
    )
      .default(defaultSettings.removedUs / 1000, "1d"),
  )
  .option(
    "--history <entries>",
    "entries of each workspace that stay in memory, for clients that come back",
    wholeNumber(1, 10_000_000),
    defaultSettings.historyEntriesMax,
  )
  .addOption(
    new Option("--history-size <size>", "how much memory these may take").argParser(size)
      .default(defaultSettings.historyWeightMax, "33.6MB"),
  )
  .option(
    "--checkpoint <entries>",
    "after so many entries the state is stored, so that a start need not read them",
    wholeNumber(1, 10_000_000),
    defaultSettings.checkpointEntries,
  )
  .addOption(
    new Option("--checkpoint-size <size>", "or after entries of this size").argParser(size)
      .default(defaultSettings.checkpointWeight, "16.8MB"),
  )
  .addOption(
    new Option("--sleep <duration>", "how long a workspace that nobody is in stays in memory").argParser(
      duration,
    )
      .default(defaultSettings.sleepUs / 1000, "1m"),
  )
  .option(
    "--clients <number>",
    "clients in one workspace at most",
    wholeNumber(1, 100_000),
    defaultSettings.clientsMax,
  )
  .option(
    "--rate <number>",
    "changes a second that each client may lastingly make",
    wholeNumber(1, 1_000_000),
  )
  .option(
    "--log-level <level>",
    "what to log: debug, info, warn, error or silent",
    oneOf("debug", "info", "warn", "error", "silent"),
    "info" as const,
  )
  .option("--record <file>", "record all that comes in, to be replayed; packed if it ends in .gz")
  .addHelpText(
    "after",
    "\nA recording holds all texts and the keys of all sessions, and no tokens: see docs/recordings.md." +
      "\nWho is asked for a token may do what it says, and no more: see docs/tokens.md." +
      "\nTo look after it while it runs: deno task admin --help.\n" +
      exitsHelp({
        0: "ended as asked",
        1: "cannot listen, cannot record, cannot use the data, the tokens or the certificate",
        2: "wrong usage",
        130: "stopped at once, by a second Ctrl-C",
      }),
  )
  .action(async ({ host, port, logLevel, record, http, httpPort, origin = [], ...rest }) => {
    const { data, memory, relaxed, retain, tokens, jwtKey, cert, key, selfSigned, ...bounds } = rest;
    const asksForTokens = tokens !== undefined || jwtKey !== undefined;
    if (!isLoopback(host) && !asksForTokens) {
      console.error(
        `Cannot listen on ${host}: nobody would be asked who they are, so anybody who can reach this address could ` +
          "change everything. Listen on 127.0.0.1, or give --tokens or --jwt-key.",
      );
      Deno.exit(2);
    }
    const logger = pino({ level: logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
    const report: ShellOptions["report"] = (event, fields) => {
      if (troubles.has(event)) logger.warn(fields, event);
      else logger.info(fields, event);
    };
    const known = await readKnown(tokens, jwtKey);
    const certificate = await certificateOf({ cert, key, selfSigned }, host);
    let listener: Deno.TcpListener | Deno.TlsListener;
    try {
      listener = certificate === undefined
        ? Deno.listen({ hostname: host, port, transport: "tcp" })
        : Deno.listenTls({ hostname: host, port, ...certificate });
    } catch (error) {
      console.error(`Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`);
      Deno.exit(1);
    }
    if (certificate === undefined && !isLoopback(host)) {
      report("tokens_in_clear", {
        host,
        advice: "Give --cert and --key, or stand behind something that speaks TLS",
      });
    }
    const settings = settingsOf(bounds, asksForTokens);
    let recording: Recording | undefined;
    try {
      if (record !== undefined) recording = new Recording(record, settings, report);
    } catch (error) {
      console.error(`Cannot record to ${record}: ${error instanceof Error ? error.message : error}`);
      Deno.exit(1);
    }
    // Nothing is told before something has been loaded, and that is by the shell.
    const storage = { data, memory, relaxed, retain };
    const log = await openLog(storage, report, (workspace, entries) => shell.changed(workspace, entries));
    const metrics = new Metrics();
    const observer = observersOf(recording, http ? metrics : undefined);
    const gate = authenticator(() => known.known);
    const shell = new Shell({ settings, log, observer, authenticator: gate, report });
    known.watch((ids) => {
      report("tokens_revoked", { ids: ids.join(" ") });
      shell.revoked(ids);
    }, (error) => report("tokens_unreadable", { problem: messageOf(error) }));
    const { hostname, port: bound } = listener.addr;
    const address = hostname.includes(":") ? `[${hostname}]` : hostname;
    let web: Web | undefined;
    if (http) {
      const webPort = httpPort ?? (port === 0 ? 0 : bound + 1);
      try {
        web = await openWeb({
          ...{ hostname: host, port: webPort, origins: origin, shell, metrics, report },
          ...certificate === undefined ? {} : { certificate },
          ...settings.authentication === true ? { authenticator: gate } : {},
        });
      } catch (error) {
        console.error(
          `Cannot listen on ${host}:${webPort}: ${error instanceof Error ? error.message : error}`,
        );
        Deno.exit(1);
      }
    }
    const scheme = certificate === undefined ? "http" : "https";
    const pages = web === undefined ? "" : `${scheme}://${address}:${web.port} and `;
    console.log(`Dist-Space listens on ${pages}${address}:${bound}`);

    const exit = (code: number, reason: string) => {
      recording?.end(reason);
      Deno.exit(code);
    };
    let stopping = false;
    const stop = async () => {
      if (stopping) exit(130, "stopped at once");
      stopping = true;
      listener.close();
      const late = setTimeout(() => exit(0, "stopped late"), stopMs);
      await web?.close();
      await shell.stop();
      clearTimeout(late);
      await log.close();
      logger.info("stopped");
      exit(0, "stopped");
    };
    Deno.addSignalListener("SIGINT", stop);
    Deno.addSignalListener("SIGTERM", stop);
    await serveTcp(listener, shell, report);
  });

interface Storage {
  readonly data: string;
  readonly memory?: true | undefined;
  readonly relaxed?: true | undefined;
  readonly retain: Retention;
}

async function openLog(
  { data: folder, memory, relaxed, retain }: Storage,
  report: ShellOptions["report"],
  onChange: (workspace: string, entries: readonly LogEntry[] | null) => void,
): Promise<Log> {
  if (memory === true) return new MemoryLog(secret);
  try {
    return await SqliteLog.open({ folder, relaxed: relaxed === true, retention: retain, onChange, report });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    console.error(`Cannot use the data in ${folder}: ${error.message} (${error.code})`);
    Deno.exit(1);
  }
}

/** The keys and tokens that are taken. */
async function readKnown(tokens: string | undefined, jwtKey: string | undefined): Promise<WatchedTokens> {
  try {
    return await WatchedTokens.open(tokens, jwtKey === undefined ? [] : await readKeys(jwtKey));
  } catch (error) {
    const files = [tokens, jwtKey].filter((file) => file !== undefined).join(" and ");
    console.error(`Cannot use ${files}: ${messageOf(error)}`);
    Deno.exit(1);
  }
}

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface CertificateOptions {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly selfSigned?: true | undefined;
}

/** What TLS is spoken with; undefined if it is not. */
async function certificateOf(
  { cert, key, selfSigned }: CertificateOptions,
  host: string,
): Promise<Certificate | undefined> {
  if ((cert === undefined) !== (key === undefined) || (selfSigned === true && cert !== undefined)) {
    console.error("Give --cert and --key together, or --self-signed alone.");
    Deno.exit(2);
  }
  try {
    if (cert !== undefined && key !== undefined) {
      return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
    }
    if (selfSigned !== true) return undefined;
    const made = await selfSignedFor(host);
    const path = await Deno.makeTempFile({ prefix: "dist-space-", suffix: ".pem" });
    await Deno.writeTextFile(path, made.cert);
    console.error(`Clients have to trust ${path}: deno task client --ca ${path}`);
    return made;
  } catch (error) {
    console.error(`Cannot speak TLS: ${messageOf(error)}`);
    Deno.exit(1);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What can be set of workspaces and of those who take part; durations are in milliseconds. */
interface Bounds {
  readonly clients: number;
  readonly rate?: number | undefined;
  readonly keepRemoved: number;
  readonly history: number;
  readonly historySize: number;
  readonly checkpoint: number;
  readonly checkpointSize: number;
  readonly sleep: number;
  readonly requireSigned?: true | undefined;
}

function settingsOf({ clients: clientsMax, rate, ...bounds }: Bounds, authentication: boolean): Settings {
  return {
    ...defaultSettings,
    authentication,
    ...bounds.requireSigned === true ? { signaturesRequired: true } : {},
    clientsMax,
    removedUs: bounds.keepRemoved * 1000,
    historyEntriesMax: bounds.history,
    historyWeightMax: bounds.historySize,
    checkpointEntries: bounds.checkpoint,
    checkpointWeight: bounds.checkpointSize,
    sleepUs: bounds.sleep * 1000,
    connectionsMax: Math.max(defaultSettings.connectionsMax, clientsMax * 2),
    changesPerSecond: rate === undefined
      ? defaultSettings.changesPerSecond
      : { human: rate, agent: rate, ci: rate },
  };
}

/** Adds an origin to those that were given before. */
export function origins(text: string, given: readonly string[] = []): readonly string[] {
  const url = URL.parse(text);
  if (url === null || url.origin !== text || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      "Give an origin like https://example.org, with its port and without a path.",
    );
  }
  return [...given, text];
}

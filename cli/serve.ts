/**
 * `deno task serve`: runs the live server.
 *
 * One line on standard output says where it listens; what happens is logged on standard error, a JSON object a
 * line. SIGINT and SIGTERM end it once everything taken in is settled and everybody has been told; a second one
 * ends it at once.
 *
 * @module
 */

import pino from "pino";
import {
  defaultSettings,
  MemoryLog,
  secret,
  serveTcp,
  type Settings,
  Shell,
  type ShellOptions,
} from "../server/mod.ts";
import { Command, oneOf, wholeNumber } from "./command.ts";

/** How long the last words to everybody may take. */
const stopMs = 5000;

export const serveCommand = new Command("serve")
  .description("Run the live server.")
  .option("--host <address>", "the address to listen on", "127.0.0.1")
  .option("--port <number>", "the TCP port to listen on; 0 for a free one", wholeNumber(0, 65535), 8000)
  .option("--insecure", "listen on an address that others can reach, though anybody may then do anything")
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
  .addHelpText("after", "\nExit codes: 0 ended as asked, 1 cannot listen, 2 wrong usage.")
  .action(async ({ host, port, insecure, clients, rate, logLevel }) => {
    if (!isLoopback(host) && insecure !== true) {
      console.error(
        `Cannot listen on ${host}: there is no authentication yet, so anybody who can reach this address could ` +
          "change everything. Listen on 127.0.0.1, or say --insecure.",
      );
      Deno.exit(2);
    }
    const logger = pino({ level: logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
    const report: ShellOptions["report"] = (event, fields) => logger.info(fields, event);
    const shell = new Shell({ settings: settingsOf(clients, rate), log: new MemoryLog(secret), report });
    let listener: Deno.TcpListener;
    try {
      listener = Deno.listen({ hostname: host, port, transport: "tcp" });
    } catch (error) {
      console.error(`Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`);
      Deno.exit(1);
    }
    const { hostname, port: bound } = listener.addr;
    console.log(`Dist-Space listens on ${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`);

    let stopping = false;
    const stop = async () => {
      if (stopping) Deno.exit(130);
      stopping = true;
      listener.close();
      const late = setTimeout(() => Deno.exit(0), stopMs);
      await shell.stop();
      clearTimeout(late);
      logger.info("stopped");
      Deno.exit(0);
    };
    Deno.addSignalListener("SIGINT", stop);
    Deno.addSignalListener("SIGTERM", stop);
    await serveTcp(listener, shell, report);
  });

function settingsOf(clientsMax: number, rate: number | undefined): Settings {
  return {
    ...defaultSettings,
    clientsMax,
    connectionsMax: Math.max(defaultSettings.connectionsMax, clientsMax * 2),
    changesPerSecond: rate === undefined
      ? defaultSettings.changesPerSecond
      : { human: rate, agent: rate, ci: rate },
  };
}

/** Whether nobody but this machine can reach the address. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * How a command reaches a server, and says there who it acts for: options that all of them have, and what these come to.
 *
 * A token is never an argument, since arguments are seen by everybody on the machine.
 *
 * @module
 */

import { type Dial, tcp, tls, type Transport, webSocket } from "../mod.ts";
import { harmless } from "./client_words.ts";
import { Option, wrongUsage } from "./command.ts";

export const tokenFileOption = new Option(
  "--token-file <file>",
  "the file with your token (default: the environment variable DIST_SPACE_TOKEN)",
);
export const tlsOption = new Option("--tls", "speak TLS with the server");
export const caOption = new Option(
  "--ca <file>",
  "speak TLS, and trust what this certificate vouches for, in PEM",
);

/** What was given of these options. */
export interface Access {
  readonly tokenFile?: string;
  readonly tls?: true;
  readonly ca?: string;
}

export interface Server {
  readonly hostname: string;
  readonly port: number;
}

/** The server that is meant by HOST or HOST:PORT; undefined if none is. */
export function serverOf(address: string): Server | undefined {
  const [, literal, name, digits = "8000"] =
    /^(?:\[([^\[\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const hostname = literal ?? name;
  const port = Number(digits);
  return hostname === undefined || port < 1 || port > 65535 ? undefined : { hostname, port };
}

/** How to get to the server at HOST, HOST:PORT or a WebSocket URL. Ends the process if that is no address. */
export async function dialOf(address: string, { tls: speaksTls, ca }: Access): Promise<Dial> {
  if (/^wss?:\/\//.test(address) && URL.canParse(address)) return webSocket(address);
  const server = serverOf(address);
  if (server === undefined) {
    console.error(
      `"${harmless(address)}" is no server: give HOST or HOST:PORT, like 127.0.0.1:8000 or [::1]:8000, ` +
        "or a URL like ws://127.0.0.1:8001.",
    );
    Deno.exit(wrongUsage);
  }
  const { hostname, port } = server;
  if (ca !== undefined) return tls(hostname, port, [await fileText(ca)]);
  return speaksTls === true ? tls(hostname, port) : tcp(hostname, port);
}

/** The token to be let in by; undefined if there is none. */
export async function tokenOf({ tokenFile }: Access): Promise<string | undefined> {
  if (tokenFile !== undefined) return (await fileText(tokenFile)).trim();
  return Deno.env.get("DIST_SPACE_TOKEN");
}

/**
 * Connects once, in time: whoever mistypes an address is told at once, and only a connection that is lost later is made
 * again and again. Gives the dial that begins with this connection.
 */
export async function reached(dial: Dial, patienceMs: number): Promise<Dial> {
  let first: Transport | undefined = await inTime(dial(), patienceMs);
  return () => {
    if (first === undefined) return dial();
    const transport = first;
    first = undefined;
    return Promise.resolve(transport);
  };
}

async function inTime(dialed: Promise<Transport>, patienceMs: number): Promise<Transport> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("there was no answer")), patienceMs);
  try {
    return await Promise.race([dialed, late.promise]);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    throw new Error("the connection was refused. Is there a server? The command deno task serve runs one");
  } finally {
    clearTimeout(timer);
  }
}

async function fileText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    console.error(`Cannot read ${harmless(file)}: ${error instanceof Error ? error.message : error}`);
    Deno.exit(wrongUsage);
  }
}

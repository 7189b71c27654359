/**
 * `deno task client`: takes part in a workspace from a terminal, or from a script.
 *
 * In a terminal there is a prompt; what others do is told above it as it happens. From a pipe, one line after the
 * other is done, each to its end: answers go to standard output, faults and what nobody asked for to standard error.
 *
 * @module
 */

import { Space } from "../mod.ts";
import { caOption, dialOf, reached, tlsOption, tokenFileOption, tokenOf } from "./access.ts";
import { type Answer, completionsOf, faultReport, helpOf, type Here, run } from "./client_commands.ts";
import { News } from "./client_news.ts";
import { outcomeReport, participantReport } from "./client_report.ts";
import { Terminal } from "./client_terminal.ts";
import { harmless } from "./client_words.ts";
import { Command, exitsHelp } from "./command.ts";
import { signing, signOption } from "./signing_key.ts";

/** How long connecting may take, and how long a script goes on without a connection. */
const patienceMs = 10_000;

const kinds = ["human", "agent", "ci"] as const;

export const clientCommand = new Command("client")
  .description("Take part in a workspace, from a terminal or a script.")
  .argument("[SERVER]", "the server: HOST:PORT, or ws://HOST:PORT for WebSocket", "127.0.0.1:8000")
  .argument("[WORKSPACE]", "the workspace, which is made if it is new", "main")
  .option("--name <name>", "who you are to the others (default: your user name)")
  .option("--kind <kind>", `what you are: ${kinds.join(", ")}`, "human")
  .addOption(tokenFileOption)
  .option(...signOption)
  .addOption(tlsOption)
  .addOption(caOption)
  .addHelpText(
    "after",
    `
Commands, one a line, at the prompt or from a pipe:
${helpOf().replace(/^(?=.)/gm, "  ")}
Examples:
  deno task client                                      in a terminal
  deno task client 127.0.0.1:8000 demo --name Ada       in another workspace, under another name
  deno task client 127.0.0.1:8000 demo --sign           signing what you change
  echo 'put a.txt "Hello, world"' | deno task client    from a script
  (echo watch; tail -f /dev/null) | deno task client    only looking on

From a pipe, empty lines and lines that begin with # are left out. A line that fails is reported on standard
error, and the next one is done.
${
      exitsHelp({
        0: "fine",
        1: "cannot connect, the connection was lost for good, or a line of a script failed",
        2: "wrong usage",
      })
    }`,
  )
  .action(async (address, workspace, { name: givenName, kind: kindName, sign, ...access }) => {
    const dial = await dialOf(address, access);
    const kind = kinds.find((one) => one === kindName);
    if (kind === undefined) {
      console.error(`There is no kind "${harmless(kindName)}": give one of ${kinds.join(", ")}.`);
      Deno.exit(2);
    }
    const name = givenName ?? Deno.env.get("USER") ?? Deno.env.get("USERNAME") ?? "somebody";
    const token = await tokenOf(access), signed = signing(sign);
    let space: Space;
    try {
      space = await Space.open({
        dial: await reached(dial, patienceMs),
        workspace,
        name,
        kind,
        ...token === undefined ? {} : { token },
        ...signed,
        openTimeoutMs: patienceMs,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.error(
        `Cannot take part in ${harmless(workspace)} at ${harmless(address)}: ${harmless(reason)}`,
      );
      Deno.exit(1);
    }
    const here = { space, participant: { name, kind }, workspace, address };
    const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
    Deno.exit(await (isTerminal ? inTerminal(here) : fromPipe(here)));
  });

type Place = Omit<Here, "news">;

async function inTerminal(place: Place): Promise<number> {
  const { space, participant, workspace, address } = place;
  const left = Promise.withResolvers<number>();
  const terminal: Terminal = new Terminal({
    prompt: `${workspace}> `,
    complete: (line) => completionsOf(line, pathsOf(space)),
    line: (line) => {
      act(line);
      terminal.prompt();
    },
    leave: () => left.resolve(0),
  });
  const news = new News(space, (lines, watched) => terminal.print(`${lines.join("\n")}\n`, !watched));
  const here: Here = { ...place, news };
  function act(line: string): void {
    let answer: Answer | undefined;
    try {
      answer = run(line, here);
    } catch (error) {
      const fault = faultReport(error);
      if (fault === undefined) {
        terminal.close();
        throw error;
      }
      terminal.print(`${fault}\n`);
    }
    if (answer?.kind === "quit") left.resolve(0);
    if (answer?.kind === "text") terminal.print(harmless(answer.text));
    if (answer?.kind === "sent") {
      const { sent, what } = answer;
      sent.settled.then((outcome) => {
        news.flush();
        terminal.print(`${what}: ${outcomeReport(outcome, (node) => space.pathOf(node))}\n`);
      });
    }
  }
  const off = space.on("status", ({ phase }) => {
    if (phase === "ended") left.resolve(1);
  });
  terminal.print(
    `You are ${participantReport(participant)} in ${workspace} at ${address}, revision ${space.revision}. ` +
      "Type help for what you can do.\n",
  );
  const code = await left.promise;
  off();
  terminal.close();
  if (code !== 0) console.error(endReport(space));
  else if (space.status.unsent > 0) {
    console.log("Waiting until everything is durable. An interrupt (Ctrl-C) leaves without that.");
    await space.settled();
  }
  await space.close();
  return code;
}

async function fromPipe(place: Place): Promise<number> {
  const { space } = place;
  const news = new News(space, (lines, watched) => {
    for (const line of lines) watched ? console.log(line) : console.error(line);
  });
  const here: Here = { ...place, news };
  const given = Promise.withResolvers<number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const off = space.on("status", ({ phase }) => {
    if (phase === "online") {
      clearTimeout(timer);
      timer = undefined;
    } else if (phase === "ended") {
      console.error(endReport(space));
      given.resolve(1);
    } else {
      timer ??= setTimeout(() => {
        console.error(`There has been no connection for ${patienceMs / 1000} s.`);
        given.resolve(1);
      }, patienceMs);
    }
  });
  const code = await Promise.race([script(here), given.promise]);
  off();
  clearTimeout(timer);
  news.flush();
  await space.close();
  return code;
}

/** Does what standard input says, line by line; gives the exit code. */
async function script(here: Here): Promise<number> {
  const { space, news } = here;
  let code = 0, number = 0;
  const fail = (report: string) => {
    console.error(`line ${number}: ${report}`);
    code = 1;
  };
  for await (const line of linesOf(Deno.stdin.readable)) {
    number++;
    if (line.trimStart().startsWith("#")) continue;
    let answer: Answer | undefined;
    try {
      answer = run(line, here);
    } catch (error) {
      const fault = faultReport(error);
      if (fault === undefined) throw error;
      fail(fault);
    }
    if (answer?.kind === "quit") break;
    if (answer?.kind === "text" && answer.text !== "") console.log(answer.text.slice(0, -1));
    if (answer?.kind === "sent") {
      const outcome = await answer.sent.settled;
      news.flush();
      const report = `${answer.what}: ${outcomeReport(outcome, (node) => space.pathOf(node))}`;
      if (outcome.kind === "refused") fail(report);
      else console.log(report);
    }
  }
  await space.settled();
  return code;
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line;
  }
  if (rest !== "") yield rest;
}

function pathsOf(space: Space): string[] {
  const paths: string[] = [];
  const pending = [""];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const { path, kind } of space.list(directory)) {
      paths.push(path);
      if (kind === "directory") pending.push(path);
    }
  }
  return paths.sort();
}

function endReport(space: Space): string {
  const { problem, unsent } = space.status;
  const reason = problem === undefined ? "" : `: ${harmless(problem.message)} (${harmless(problem.code)})`;
  const lost = unsent === 0 ? "" : ` Changes that were not durable: ${unsent}.`;
  return `The server has ended this session${reason}${lost}`;
}

/**
 * The door over WebSocket: the same clients as over TCP, and what browsers and others may do wrong there.
 *
 * @module
 */

import { Space, webSocket } from "../../mod.ts";
import {
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  type ServerMessage,
} from "../../proto/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";
import { LiveWeb } from "./live_web.ts";
import { amidTyping } from "./typists.ts";
import { eventually, within } from "./waiting.ts";

/** A socket that is open, and what it hears. */
async function opened(address: string): Promise<{ socket: WebSocket; closed: Promise<CloseEvent> }> {
  const socket = new WebSocket(`ws://${address}`);
  socket.binaryType = "arraybuffer";
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  await within(new Promise((resolve) => socket.onopen = resolve), "an open WebSocket");
  return { socket, closed };
}

/** Asks for a WebSocket with these headers, and gives the head of the answer and its body. */
async function handshake(address: string, ...headers: readonly string[]): Promise<string> {
  const [hostname, port] = address.split(":");
  const connection = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const lines = [
    "GET / HTTP/1.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${btoa("0123456789abcdef")}`,
    "Sec-WebSocket-Version: 13",
    ...headers,
  ];
  await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const buffer = new Uint8Array(4096);
  let answer = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    answer += new TextDecoder().decode(buffer.subarray(0, count));
    if (answer.startsWith("HTTP/1.1 101")) break;
  }
  connection.close();
  return answer;
}

Deno.test("people edit together over WebSocket, and with those who come over TCP", async () => {
  await using server = await LiveWeb.start();
  const agent = await Space.open({
    dial: webSocket(`ws://${server.address}`),
    workspace: "w",
    name: "Agent",
    kind: "agent",
  });
  let heard = 0;
  agent.on("edited", () => heard++);
  await amidTyping(server.port, async ({ path }) => {
    await eventually(() => heard > 50, "what they type");
    await agent.insert(path, 0, "Agent 😀\n").settled;
  });
  assert(agent.read("shared.txt").includes("Agent 😀\n"));
  await agent.close();
});

Deno.test("people who type over WebSocket are undisturbed by one who is turned away", async () => {
  await using server = await LiveWeb.start();
  const dial = webSocket(`ws://${server.address}`);
  await amidTyping(server.port, async () => {
    const { socket, closed } = await opened(server.address);
    socket.send("hello");
    await closed;
  }, { dial });
});

Deno.test("a change that is longer than a WebSocket message may be arrives whole", async () => {
  await using server = await LiveWeb.start();
  const dial = webSocket(`ws://${server.address}`);
  const ada = await Space.open({ dial, workspace: "w", name: "Ada" });
  const text = "😀 all that there is\n".repeat(200_000);
  assertEquals((await ada.create("long.txt", text).settled).kind, "durable");
  const ben = await Space.open({ dial, workspace: "w", name: "Ben" });
  assert(ben.read("long.txt") === text);
  for (const space of [ada, ben]) await space.close();
});

Deno.test("frames may be cut anywhere over WebSocket messages", async () => {
  await using server = await LiveWeb.start();
  const { socket, closed } = await opened(server.address);
  const reader = new FrameReader(), heard: ServerMessage[] = [];
  socket.onmessage = ({ data }) => {
    reader.push(new Uint8Array(data), (type, payload) => heard.push(decodeServerMessage(type, payload)));
  };
  for (const byte of encodeClientMessage(helloOf({}))) socket.send(Uint8Array.of(byte));
  await eventually(() => heard.some(({ kind }) => kind === "welcome"), "a welcome");
  const bye = { kind: "close", code: "bye", message: "", resume: false, retryMs: 0 } as const;
  socket.send(encodeClientMessage(bye) as Uint8Array<ArrayBuffer>);
  assertEquals((await within(closed, "the end")).code, 1000);
});

Deno.test("a WebSocket that sends text is told so, and changes nothing", async () => {
  await using server = await LiveWeb.start();
  const { socket, closed } = await opened(server.address);
  socket.send("hello");
  const { code, reason } = await within(closed, "the end");
  assertEquals([code, reason.split(":")[0]], [1003, "text_message"]);
  await server.reported("turned_away", { code: "text_message" });
});

Deno.test("a WebSocket message that is too long ends the connection: with the reason, or before it is in memory", async () => {
  await using server = await LiveWeb.start();
  for (const [bytes, said] of [[(1 << 20) + 5, "socket_message_too_long"], [8 << 20, ""]] as const) {
    const { socket, closed } = await opened(server.address);
    socket.send(new Uint8Array(bytes));
    const { code, reason } = await within(closed, "the end");
    assertEquals([code, reason.split(":")[0]], [1009, said]);
  }
  await server.reported("turned_away", { code: "socket_message_too_long" });
});

Deno.test("what the core ends over WebSocket has its last word there", async () => {
  await using server = await LiveWeb.start();
  const space = Space.open({ dial: webSocket(`ws://${server.address}`), workspace: "../w", name: "Ada" });
  const error = await space.then(() => undefined, (error) => error);
  assertEquals(error?.code, "bad_workspace_name");
});

Deno.test("pages of other origins, and names that others gave this machine, are turned away at the handshake", async () => {
  await using server = await LiveWeb.start({}, { origins: ["https://example.org"] });
  const { address } = server, port = address.split(":")[1];
  const statusOf = async (...headers: string[]) => (await handshake(address, ...headers)).split(" ")[1];
  assertEquals(await statusOf(`Host: ${address}`), "101");
  assertEquals(await statusOf(`Host: ${address}`, `Origin: http://${address}`), "101");
  assertEquals(await statusOf(`Host: localhost:${port}`, `Origin: http://localhost:${port}`), "101");
  assertEquals(await statusOf(`Host: ${address}`, "Origin: https://example.org"), "101");
  for (const origin of ["https://example.com", `http://127.0.0.1:1`, "null", "http://example.org"]) {
    const answer = await handshake(address, `Host: ${address}`, `Origin: ${origin}`);
    assertEquals(answer.split(" ")[1], "403", origin);
    assertEquals(JSON.parse(answer.split("\r\n\r\n")[1]!).code, "origin_forbidden");
  }
  const rebound = await handshake(address, "Host: evil.example:80", "Origin: http://evil.example:80");
  assertEquals(JSON.parse(rebound.split("\r\n\r\n")[1]!).code, "host_forbidden");
  await server.reported("turned_away", { code: "host_forbidden" });
});

Deno.test("one who reads nothing over WebSocket is dropped, and holds up nobody", async () => {
  await using server = await LiveWeb.start({ settings: { drainUs: 300_000 } });
  const ada = await Space.open({ dial: webSocket(`ws://${server.address}`), workspace: "w", name: "Ada" });
  await ada.create("big.txt", "x".repeat(1 << 20)).settled;
  const [hostname, port] = server.address.split(":");
  const deaf = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const head = `GET / HTTP/1.1\r\nHost: ${server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${btoa("0123456789abcdef")}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  const hello = encodeClientMessage(helloOf({ workspace: "w" }));
  // The mask is all zeros.
  const frame = Uint8Array.of(0x82, 0x80 | hello.length, 0, 0, 0, 0, ...hello);
  await deaf.write(new TextEncoder().encode(head));
  await deaf.read(new Uint8Array(1000));
  await deaf.write(frame);
  for (let i = 0; i < 12; i++) await ada.write("big.txt", `${i}`.repeat(1 << 20)).settled;
  await server.reported("ending", { code: "slow_reader" });
  assert(server.shell.writingBytesMax < 3 << 20, `${server.shell.writingBytesMax} bytes waited`);
  deaf.close();
  await ada.close();
});

/**
 * A TCP server that sends back what it is sent: what a round trip between two processes costs at least. Takes the
 * port as its argument.
 *
 * @module
 */

const port = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.log(`listening on ${port}`);
for await (const connection of listener) {
  connection.setNoDelay();
  connection.readable.pipeTo(connection.writable).catch(() => {});
}

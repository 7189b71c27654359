/**
 * `deno task example`: serves the page of this folder, its program bundled, on port 8002 of this machine.
 *
 * The page comes from another origin than the server's, which has to allow that:
 *
 *     deno task serve --origin http://127.0.0.1:8002
 *
 * @module
 */

import { bundle } from "../../cli/bundle.ts";

/** Serves the page on a port, 0 for a free one, until the server is shut down. */
export async function servePage(port: number): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const page = await Deno.readTextFile(new URL("index.html", import.meta.url));
  const program = await bundle(new URL("main.ts", import.meta.url));
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/") {
      return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    if (pathname !== "/main.js") return new Response("There is nothing here", { status: 404 });
    return new Response(program, { headers: { "content-type": "text/javascript; charset=utf-8" } });
  });
}

if (import.meta.main) {
  const { addr: { hostname, port } } = await servePage(8002);
  console.log(`Open http://${hostname}:${port}/?name=Ada and http://${hostname}:${port}/?name=Bob`);
}

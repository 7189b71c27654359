/**
 * The real server with its door for the web open, within the process of a test.
 *
 * @module
 */

import { Metrics, openWeb, type Web, type WebOptions } from "../../server/mod.ts";
import { type LiveOptions, LiveServer } from "./live_server.ts";

export class LiveWeb extends LiveServer {
  #web!: Web;

  /** A server that listens for TCP and for the web. */
  static async start(options: LiveOptions = {}, web: Partial<WebOptions> = {}): Promise<LiveWeb> {
    const metrics = new Metrics();
    const server = new LiveWeb({ ...options, observer: metrics });
    const { shell } = server;
    const report: WebOptions["report"] = (event, fields) => server.reports.push({ event, fields });
    server.#web = await openWeb({
      hostname: "127.0.0.1",
      port: 0,
      origins: [],
      shell,
      metrics,
      report,
      ...web,
    });
    return server;
  }

  /** Where it listens for the web: host and port. */
  get address(): string {
    return `127.0.0.1:${this.#web.port}`;
  }

  override async stop(): Promise<void> {
    await this.#web.close();
    await super.stop();
  }

  override async kill(): Promise<void> {
    await this.#web.close();
    await super.kill();
  }
}

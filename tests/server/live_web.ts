/**
 * The real server with its door for the web open, within the process of a test.
 *
 * @module
 */

import { type DoorOptions, WebDoor } from "../../server/mod.ts";
import { type LiveOptions, LiveServer } from "./live_server.ts";

export class LiveWeb extends LiveServer {
  #door!: WebDoor;

  /** A server that listens for TCP and for the web. */
  static async start(options: LiveOptions = {}, door: Partial<DoorOptions> = {}): Promise<LiveWeb> {
    const server = new LiveWeb(options);
    const { shell } = server;
    const report: DoorOptions["report"] = (event, fields) => server.reports.push({ event, fields });
    server.#door = await WebDoor.open({
      hostname: "127.0.0.1",
      port: 0,
      origins: [],
      shell,
      report,
      ...door,
    });
    return server;
  }

  /** Where it listens for the web: host and port. */
  get address(): string {
    return `127.0.0.1:${this.#door.port}`;
  }

  override async stop(): Promise<void> {
    this.#door.close();
    await super.stop();
  }

  override async kill(): Promise<void> {
    this.#door.close();
    await super.kill();
  }
}

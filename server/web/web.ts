/**
 * The door for the web, with all that is behind it: WebSocket, the API, and how the server is.
 *
 * @module
 */

import { z } from "zod";
import type { Authenticator } from "../tokens/mod.ts";
import { forAdministrators } from "./administrators.ts";
import { apiRoutes } from "./api.ts";
import { type DoorOptions, jsonReply, WebDoor } from "./door.ts";
import { InnerSpaces, type InnerSpacesOptions } from "./inner_spaces.ts";
import type { Metrics } from "./metrics.ts";
import { openApiRoute } from "./open_api.ts";
import { answererOf, type Route } from "./routes.ts";

/** How the web is to be served. */
export interface WebOptions extends Omit<DoorOptions, "answerer"> {
  readonly sessions?: InnerSpacesOptions;
  /** What is counted of the shell's core, to be shown. */
  readonly metrics: Metrics;
  /** Where tokens are asked for: says who may see that. */
  readonly authenticator?: Authenticator;
}

/** The web, as it is served. */
export interface Web {
  readonly port: number;
  /** Lets nobody in any more, and ends what is done for those who are. */
  close(): Promise<void>;
}

const health: Route = {
  method: "GET",
  path: "/healthz",
  id: "getHealth",
  says: "Whether the server is there.",
  replies: {
    200: { says: "It is.", is: z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" }) },
  },
  answer: () => jsonReply(200, { status: "ok" }),
};

/** Listens, and resolves once it does. */
export async function openWeb(options: WebOptions): Promise<Web> {
  const spaces = new InnerSpaces(options.shell, options.sessions);
  const { metrics, authenticator } = options;
  const figures = authenticator === undefined
    ? metrics.route()
    : forAdministrators(metrics.route(), authenticator);
  const routes = [health, figures, ...apiRoutes(spaces)];
  const report: DoorOptions["report"] = (event, fields) => {
    if (event === "turned_away") metrics.turnedAway(`${fields.code}`);
    options.report(event, fields);
  };
  const door = await WebDoor.open({
    ...options,
    report,
    answerer: answererOf([...routes, openApiRoute(routes)]),
  });
  return {
    port: door.port,
    close: async () => {
      door.close();
      await spaces.close();
    },
  };
}

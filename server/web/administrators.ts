/**
 * What is only for those who look after the server, where it asks for tokens.
 *
 * @module
 */

import { codes } from "../../proto/mod.ts";
import { Dominion, Rights } from "../core/mod.ts";
import type { Authenticator } from "../tokens/mod.ts";
import { problemReply } from "./door.ts";
import { problem, type Route } from "./routes.ts";

/** The same route, for whoever shows a token that looks after all of the server. */
export function forAdministrators(route: Route, authenticator: Authenticator): Route {
  return {
    ...route,
    replies: {
      ...route.replies,
      401: { says: "There is no token, or it is good for nothing here.", is: problem },
      403: { says: "The token does not look after all of this server.", is: problem },
    },
    answer: async (request) => {
      const { token } = request;
      if (token === undefined) return problemReply(401, "token_expected", codes.token_expected.text);
      const verdict = await authenticator.verify(token, null);
      if ("code" in verdict) return problemReply(401, verdict.code, verdict.message);
      if (!Rights.of(verdict.grant).isAdmin) return problemReply(403, "not_admin", codes.not_admin.text);
      if (new Dominion(verdict.grant).isEverything) return await route.answer(request);
      return problemReply(403, "token_foreign", "This is about all workspaces, and the token is for some");
    },
  };
}

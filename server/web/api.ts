/**
 * The API over HTTP for CI and scripts: what a workspace is and was, and changes with preconditions. Each request is
 * done by a session within the process ({@linkcode InnerSpaces}) with the same SDK that everybody has; here it is only
 * said how that looks as paths, queries and JSON.
 *
 * @module
 */

import { z } from "zod";
import { edit, type EditRequest } from "../../client/edit/mod.ts";
import { SpaceError } from "../../client/error.ts";
import type { Scope, When } from "../../client/past.ts";
import type { Space } from "../../client/space.ts";
import { codes, type Participant } from "../../proto/mod.ts";
import { jsonReply, problemReply, type Reply } from "./door.ts";
import type { Caller, InnerSpaces } from "./inner_spaces.ts";
import { type Parameter, problem, type ReplyKind, type Route, type RouteRequest } from "./routes.ts";
import {
  changeRequest,
  changeResult,
  changes,
  difference,
  entries,
  file,
  matches,
  rejection,
  tree,
} from "./schemas.ts";

const revision = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const time = z.iso.datetime({ offset: true }).optional();
const flag = z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false);

const at: Readonly<Record<string, Parameter>> = {
  revision: { says: "The workspace as it was at this revision; as it is, if left out.", is: revision },
  time: { says: "Instead of a revision: as it was at this time.", is: time },
};
const scope: Readonly<Record<string, Parameter>> = {
  ...at,
  path: { says: "Only this file, or what is in this directory.", is: z.string(), many: true },
  glob: { says: "Only files with a path like this: *, **, ?, [a-z], {one,two}.", is: z.string(), many: true },
};
const since: Readonly<Record<string, Parameter>> = {
  since: { says: "The earlier revision; 0 is the empty workspace that all began with.", is: revision },
  sinceTime: { says: "Instead of a revision: this time.", is: time },
};
const caller: Readonly<Record<string, Parameter>> = {
  "dist-space-name": { says: "Who one is to the others.", is: z.string().min(1).max(100).default("HTTP") },
  "dist-space-kind": {
    says: "What one is: decides budgets, and is shown to the others.",
    is: z.enum(["human", "agent", "ci"]).default("ci"),
  },
};

const done = (is: z.ZodType): ReplyKind => ({ says: "That is it.", is });
const problems = {
  malformed: {
    says: "The request is not as it has to be, or the name of the workspace is none.",
    is: problem,
  },
  unknown: { says: "There is no such workspace, file, directory or revision.", is: problem },
  forgotten: { says: "The log no longer reaches back so far.", is: problem },
  unfit: { says: "It cannot be done: the code says why.", is: problem },
  unavailable: { says: "The server cannot do it now: try again later.", is: problem },
} as const;
const reading = {
  400: problems.malformed,
  404: problems.unknown,
  410: problems.forgotten,
  503: problems.unavailable,
} as const;

/** The routes of the API, answered by sessions of `spaces`. */
export function apiRoutes(spaces: InnerSpaces): Route[] {
  const read = (name: string, route: Omit<Route, "method" | "path" | "answer">, answer: Read): Route => ({
    ...route,
    method: "GET",
    path: `/api/workspaces/{workspace}/${name}`,
    headers: caller,
    answer: (request) =>
      replied(() =>
        spaces.ask(request.parts.workspace!, callerOf(request), async (space) => {
          return jsonReply(200, await answer(space, request.query));
        })
      ),
  });
  return [
    read("tree", {
      id: "getTree",
      says: "The directories and files, and how long these are.",
      query: scope,
      replies: { 200: done(tree), ...reading },
    }, async (space, query) => {
      const { revision, nodes } = await space.past.tree(scopeOf(query));
      return {
        revision,
        nodes: nodes.map(({ id, path, type, length, executable }) => ({
          ...{ id, path, kind: type, length },
          ...executable && { executable },
        })),
      };
    }),
    read("file", {
      id: "getFile",
      says: "What a file says. The revision that is given with it is what an edit of it names as read.",
      query: { ...at, path: { says: "The file.", is: z.string() } },
      replies: { 200: done(file), ...reading },
    }, async (space, query) => {
      const path = (query.path as string).normalize("NFC");
      const { revision, files } = await space.past.files({ ...scopeOf({ ...query, path: [path] }) });
      const found = files.find((file) => file.path === path);
      if (found === undefined) throw new SpaceError("path_unknown", `There is no file at "${path}"`);
      return { revision, ...found };
    }),
    read("changes", {
      id: "getChanges",
      says: "The files that were touched since an earlier revision, and by whom.",
      query: { ...scope, ...since },
      replies: { 200: done(changes), ...reading },
    }, async (space, query) => {
      const { revision, files, authors } = await space.past.changes(sinceOf(query), scopeOf(query));
      return {
        revision,
        files: files.map(({ kind: _, time, sites, ...file }) => ({
          ...file,
          time: new Date(time).toISOString(),
          authors: sites.map((site) => ({ site, ...authors.get(site) })),
        })),
      };
    }),
    read("entries", {
      id: "getEntries",
      says:
        "The entries of the log since an earlier revision: by whom, for what, and which files they touched.",
      query: {
        ...scope,
        ...since,
        author: { says: "Only by somebody of this name.", is: z.string(), many: true },
        site: { says: "Only by this session, by its site.", is: z.coerce.number().int().min(1), many: true },
        task: { says: "Only what is a part of this.", is: z.string(), many: true },
        newest: { says: "Whether the newest come first.", is: flag },
        limit: {
          says: "After how many to stop.",
          is: z.coerce.number().int().min(1).max(10_000).default(1000),
        },
        after: { says: "Go on where an earlier answer stopped: its `next`.", is: z.string().optional() },
      },
      replies: { 200: done(entries), ...reading },
    }, async (space, query) => {
      const { author = [], site = [], task = [], newest, limit, after = "" } = query as {
        author?: string[];
        site?: number[];
        task?: string[];
        newest: boolean;
        limit: number;
        after?: string;
      };
      const choice = { from: sinceOf(query), authors: author, sites: site, tasks: task };
      const { revision, entries, next } = await space.past.entries({
        ...scopeOf(query),
        ...choice,
        ...{ newest, limit, after },
      });
      return {
        revision,
        entries: entries.map(({ revision, time, site, author, task, touched }) => ({
          revision,
          time: new Date(time).toISOString(),
          author: { site, ...author },
          task,
          files: touched,
        })),
        next,
      };
    }),
    read("diff", {
      id: "getDiff",
      says: "What is different since an earlier revision, as patches in the format of git.",
      query: {
        ...scope,
        ...since,
        context: {
          says: "How many lines are shown around each difference.",
          is: z.coerce.number().int().min(0).max(100).default(3),
        },
      },
      replies: { 200: done(difference), ...reading },
    }, (space, query) => {
      return space.past.diff(sinceOf(query), { ...scopeOf(query), context: query.context as number });
    }),
    read("search", {
      id: "search",
      says: "The lines in which something stands.",
      query: {
        ...scope,
        pattern: { says: "What is looked for; never across lines.", is: z.string() },
        regular: { says: "Whether the pattern is a regular expression, of RE2.", is: flag },
        ignoreCase: { says: "Whether letters are alike that differ only in case.", is: flag },
        limit: {
          says: "After how many lines to stop.",
          is: z.coerce.number().int().min(1).max(10_000).default(1000),
        },
      },
      replies: { 200: done(matches), ...reading },
    }, async (space, query) => {
      const { regular, ignoreCase, limit } = query as {
        regular: boolean;
        ignoreCase: boolean;
        limit: number;
      };
      const options = { ...scopeOf(query), regular, ignoreCase, limit };
      const { revision, matches, more } = await space.past.search(query.pattern as string, options);
      return { revision, matches: matches.map(({ kind: _, ...match }) => match), more };
    }),
    {
      method: "POST",
      path: "/api/workspaces/{workspace}/changes",
      id: "change",
      says: "Changes files that were read before, as one change: all of it, or nothing.",
      headers: caller,
      body: changeRequest,
      replies: {
        200: { says: "It is done, and durable. `outcome` says what was merged with it.", is: changeResult },
        ...reading,
        409: {
          says:
            "Nothing has been changed: others have changed the same places, and by the policy that is not merged.",
          is: rejection,
        },
        412: { says: "Nothing has been changed: a precondition does not hold.", is: problem },
        413: { says: "The body is too long.", is: problem },
        422: problems.unfit,
      },
      answer: (request) =>
        replied(() =>
          spaces.change(request.parts.workspace!, callerOf(request), async (space) => {
            const { base: _, files, ...rest } = await edit(space, request.body as EditRequest);
            const result = { ...rest, files: files.map(({ since: _, ...file }) => file) };
            if (result.changed || result.outcome !== "overlap") return jsonReply(200, result);
            const message =
              "Others have changed the same places since. Look at the text as it is now, and decide";
            return problemReply(409, "overlap", message, result);
          })
        ),
    },
  ];
}

type Read = (space: Space, query: Readonly<Record<string, unknown>>) => Promise<object>;

function callerOf({ headers, token }: RouteRequest): Caller {
  const name = headers["dist-space-name"] as string, kind = headers["dist-space-kind"] as Participant["kind"];
  return { name, kind, token };
}

function scopeOf({ revision, time, path = [], glob = [] }: Readonly<Record<string, unknown>>): Scope {
  const at = whenOf(revision, time);
  return { ...at === undefined ? {} : { at }, paths: path as string[], globs: glob as string[] };
}

function sinceOf({ since, sinceTime }: Readonly<Record<string, unknown>>): When {
  return whenOf(since, sinceTime) ?? 0;
}

function whenOf(revision: unknown, time: unknown): When | undefined {
  return time === undefined ? revision as number | undefined : new Date(time as string);
}

/** Why something was not done, as a status: what there is not, what does not fit, what may do later. */
const statuses: Readonly<Record<string, number>> = {
  ...{
    bad_workspace_name: 400,
    bad_participant: 400,
    pattern_invalid: 400,
    continuation_invalid: 400,
    bad_task: 400,
    nothing_to_do: 400,
    nothing_read: 400,
  },
  ...{
    token_expected: 401,
    token_invalid: 401,
    token_algorithm: 401,
    token_expired: 401,
    token_revoked: 401,
  },
  ...{ token_foreign: 403, not_allowed: 403, signature_required: 403, kicked: 403, kept_out: 403 },
  ...{ workspace_unknown: 404, path_unknown: 404, revision_unknown: 404, not_found: 404 },
  ...{ workspace_unknown: 404, path_unknown: 404, revision_unknown: 404, not_found: 404 },
  ...{ revision_forgotten: 410, precondition_failed: 412 },
  ...{ too_many_clients: 503, too_many_workspaces: 503, shutting_down: 503, log_failed: 503 },
  ...{ log_unreadable: 503, not_connected: 503, open_timeout: 503, unsent: 503, closed: 503 },
};

async function replied(act: () => Promise<Reply>): Promise<Reply> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    const meaning = codes[error.code as keyof typeof codes] as { readonly resume: boolean } | undefined;
    const status = statuses[error.code] ?? (meaning?.resume === true ? 503 : 422);
    return problemReply(status, error.code, error.message);
  }
}

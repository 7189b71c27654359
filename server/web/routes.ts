/**
 * What can be asked over HTTP, as a table: each row has its path, its method, what it takes and answers, and what
 * answers it. The door goes by the table, and the OpenAPI document is made of it, so the two agree.
 *
 * @module
 */

import { z } from "zod";
import { type Answerer, type Asked, refusedReply, type Reply } from "./door.ts";

/** A value that stands in a query or a header. */
export interface Parameter {
  readonly says: string;
  /** Reads it from a string. */
  readonly is: z.ZodType;
  /** Whether it may be given several times; it is an array then. */
  readonly many?: true;
}

/** One way in which a request may be answered; a string is the type of what is no JSON. */
export interface ReplyKind {
  readonly says: string;
  readonly is: z.ZodType | string;
}

/** A way of asking, and all ways in which it may be answered. */
export interface Route {
  readonly method: "GET" | "POST";
  /** With `{name}` where a part of it is given. */
  readonly path: string;
  /** Its name for programs. */
  readonly id: string;
  readonly says: string;
  readonly query?: Readonly<Record<string, Parameter>>;
  /** Their names in lower case. */
  readonly headers?: Readonly<Record<string, Parameter>>;
  readonly body?: z.ZodType;
  /** By status. */
  readonly replies: Readonly<Record<number, ReplyKind>>;
  answer(request: RouteRequest): Promise<Reply> | Reply;
}

/** A request that fits its route: all is as the route's schemas have read it. */
export interface RouteRequest {
  readonly parts: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** What was shown as proof of who asks. */
  readonly token: string | undefined;
}

/** Says what is wrong with a request that no route can take. */
class Malformed extends Error {}

/** Answers what fits a route, and says what is wrong with what nearly does. */
export function answererOf(routes: readonly Route[]): Answerer {
  const table = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  return (asked) => {
    const there = table.flatMap(({ route, pattern }) => {
      const match = pattern.exec(asked.url.pathname);
      return match === null ? [] : [{ route, parts: match.groups ?? {} }];
    });
    if (there.length === 0) return undefined;
    const found = there.find(({ route: { method } }) => method === asked.method);
    if (found === undefined) {
      const allow = there.map(({ route: { method } }) => method).join(", ");
      return { ...refusedReply("method_not_allowed"), headers: { allow } };
    }
    try {
      return found.route.answer(requestOf(found.route, found.parts, asked));
    } catch (error) {
      if (error instanceof Malformed) return refusedReply("malformed_request", error.message);
      throw error;
    }
  };
}

function requestOf(route: Route, parts: Readonly<Record<string, string>>, asked: Asked): RouteRequest {
  const { url: { searchParams }, headers, body } = asked;
  const { query = {}, headers: known = {} } = route;
  for (const name of searchParams.keys()) {
    if (query[name] === undefined) throw new Malformed(`The query has no "${name.slice(0, 100)}"`);
  }
  return {
    parts: mapped(parts, (part) => decoded(part)),
    query: mapped(query, (parameter, name) => valueOf(parameter, name, searchParams.getAll(name))),
    headers: mapped(known, (parameter, name) => {
      const value = headers[name];
      return valueOf(parameter, name, value === undefined ? [] : [value]);
    }),
    body: route.body === undefined ? undefined : bodyOf(route.body, body),
    token: /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1],
  };
}

function mapped<T, U>(
  values: Readonly<Record<string, T>>,
  map: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Malformed("The path holds what stands for no character");
  }
}

function valueOf({ is, many }: Parameter, name: string, texts: readonly string[]): unknown {
  if (many === true) return texts.map((text) => checked(is, text, `"${name}"`));
  if (texts.length > 1) throw new Malformed(`"${name}" is given more than once`);
  return texts.length === 0 ? checked(is, undefined, `"${name}"`) : checked(is, texts[0], `"${name}"`);
}

function bodyOf(schema: z.ZodType, bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Malformed("The body is not JSON in UTF-8");
  }
  return checked(schema, value, "The body");
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [first] = error.issues;
  const where = first === undefined || first.path.length === 0 ? "" : `, at ${first.path.join(".")}`;
  throw new Malformed(`${what} is not as /openapi.json says${where}: ${first?.message ?? "it does not fit"}`);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

/** What everybody is told whose request is not done. */
export const problem = z.strictObject({
  code: z.string().describe("The name, for programs; docs/errors.md has those of the protocol."),
  message: z.string().describe("What has happened and what to do, for people."),
}).meta({ id: "Problem" });

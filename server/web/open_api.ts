/**
 * The OpenAPI document, made of the table of routes.
 *
 * @module
 */

import { z } from "zod";
import { jsonReply } from "./door.ts";
import type { Parameter, ReplyKind, Route } from "./routes.ts";

/** The document, as a value. */
export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Dist-Space",
      version: "1",
      description:
        "A workspace of files that people and agents edit at the same time. Whatever is not done is " +
        "answered with a code and a sentence. A page of an origin that the server does not know gets 403, and a " +
        "request that takes too long to arrive 408, whatever it asks for.",
    },
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    security: [{}, { token: [] }],
    paths,
  };
}

/** The route at which the document of these routes, and of itself, is served. */
export function openApiRoute(routes: readonly Route[]): Route {
  const route: Route = {
    method: "GET",
    path: "/openapi.json",
    id: "getOpenApi",
    says: "This document.",
    replies: { 200: { says: "That is it.", is: z.looseObject({ openapi: z.string() }) } },
    answer: () => jsonReply(200, document),
  };
  const document = openApi([...routes, route]);
  return route;
}

function operationOf({ id, says, path, query = {}, headers = {}, body, replies }: Route): object {
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return {
    operationId: id,
    summary: says,
    parameters: [
      ...parts,
      ...Object.entries(query).map(([name, parameter]) => parameterOf(name, "query", parameter)),
      ...Object.entries(headers).map(([name, parameter]) => parameterOf(name, "header", parameter)),
    ],
    ...body === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } },
    },
    responses: Object.fromEntries(
      Object.entries(replies).map(([status, reply]) => [status, responseOf(reply)]),
    ),
  };
}

function parameterOf(name: string, where: string, { says, is, many }: Parameter): object {
  const schema = schemaOf(is);
  return {
    name,
    in: where,
    description: says,
    required: many !== true && !is.safeParse(undefined).success,
    schema: many === true ? { type: "array", items: schema } : schema,
  };
}

function responseOf({ says, is }: ReplyKind): object {
  const content = typeof is === "string"
    ? { [is]: { schema: { type: "string" } } }
    : { "application/json": { schema: schemaOf(is) } };
  return { description: says, content };
}

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}

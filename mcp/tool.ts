/**
 * What an agent can call: a name, a description that a model reads, schemas of what goes in and comes out, and what it
 * does. An answer is a short text for the model, and the same as data for programs.
 *
 * What cannot be done is an answer too, marked as an error: `code: sentence`, where the sentence says what to do next.
 *
 * @module
 */

import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol";
import type {
  CallToolResult,
  ServerNotification,
  ServerRequest,
  ToolAnnotations,
} from "@modelcontextprotocol/sdk/types";
import type { z } from "zod";
import { SpaceError } from "../mod.ts";
import type { Agent } from "./agent.ts";

/** What came of a call. */
export interface Answer<O> {
  /** For the model. */
  readonly text: string;
  /** For programs. */
  readonly data: O;
}

/** The call itself: whether it is given up, and how to say that it goes on. */
export interface Call {
  readonly signal: AbortSignal;
  /** Tells whoever waits that this goes on. */
  progress(done: number, total: number): void;
}

/** What a tool is, and does. */
export interface ToolOptions<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly says: string;
  readonly takes: I;
  readonly gives: O;
  readonly hints: ToolAnnotations;
  run(agent: Agent, input: z.output<I>, call: Call): Promise<Answer<z.input<O>>>;
}

/** A tool that can be given to a server. */
export interface Tool {
  readonly name: string;
  register(server: McpServer, agent: Agent, report: Report): void;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Takes down what went wrong on our side. */
export type Report = (event: string, fields: Readonly<Record<string, string>>) => void;

/** A tool that only looks. */
export const looks: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };
/** A tool that changes something, which can be taken back. */
export const changes: ToolAnnotations = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };

/** Makes a tool. */
export function tool<I extends z.ZodObject, O extends z.ZodObject>(options: ToolOptions<I, O>): Tool {
  const { name, title, says, takes, gives, hints } = options;
  const register = (server: McpServer, agent: Agent, report: Report) => {
    // The SDK's types cannot follow a schema that is a parameter; it has checked the input by this one.
    const inputSchema: z.ZodObject = takes, outputSchema: z.ZodObject = gives;
    const description = { title, description: says, inputSchema, outputSchema, annotations: hints };
    server.registerTool(name, description, async (input: unknown, extra: Extra) => {
      const { signal, _meta, sendNotification } = extra;
      const progressToken = _meta?.progressToken;
      const progress = (done: number, total: number) => {
        if (progressToken === undefined) return;
        const params = { progressToken, progress: done, total };
        sendNotification({ method: "notifications/progress", params }).catch(() => {});
      };
      try {
        const { text, data } = await options.run(agent, input as z.output<I>, { signal, progress });
        return { content: [{ type: "text", text }], structuredContent: { ...data } };
      } catch (error) {
        if (error instanceof SpaceError) return failure(error.code, error.message);
        const message = error instanceof Error ? error.message : String(error);
        report("tool_failed", { tool: name, message });
        return failure("internal", `This is a mistake of the server's, not yours: ${message}`);
      }
    });
  };
  return { name, register };
}

function failure(code: string, message: string): CallToolResult {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return { content: [{ type: "text", text: `${code}: ${sentence}` }], isError: true };
}

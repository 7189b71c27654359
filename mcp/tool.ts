/**
 * What an agent can call: a name, a description that a model reads, schemas of what goes in and comes out, and what it
 * does. An answer is a short text for the model, and the same as data for programs.
 *
 * What cannot be done is an answer too, marked as an error: `code: sentence`, where the sentence says what to do next.
 *
 * @module
 */

import type { CallToolResult, Tool as Described, ToolAnnotations } from "@modelcontextprotocol/sdk/types";
import { z } from "zod";
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

/** A tool, as a server has it. */
export interface Tool {
  /** As the protocol lists it. */
  readonly description: Described;
  /** Calls it with whatever an agent has sent. */
  call(agent: Agent, input: unknown, call: Call, report: Report): Promise<CallToolResult>;
}

/** Takes down what went wrong on our side. */
export type Report = (event: string, fields: Readonly<Record<string, string>>) => void;

/** A tool that only looks. */
export const looks: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };
/** A tool that changes something, which can be taken back. */
export const changes: ToolAnnotations = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };

/** Makes a tool. */
export function tool<I extends z.ZodObject, O extends z.ZodObject>(options: ToolOptions<I, O>): Tool {
  const { name, title, says, takes, gives, hints } = options;
  return {
    description: {
      name,
      title,
      description: says,
      inputSchema: schemaOf(takes, "input"),
      outputSchema: schemaOf(gives, "output"),
      annotations: { title, ...hints },
    },
    async call(agent, given, call, report) {
      const input = takes.safeParse(given ?? {});
      if (!input.success) return failure("arguments_invalid", faultsOf(input.error));
      try {
        const { text, data } = await options.run(agent, input.data, call);
        return { content: [{ type: "text", text }], structuredContent: { ...data } };
      } catch (error) {
        if (error instanceof SpaceError) return failure(error.code, error.message);
        const message = error instanceof Error ? error.message : String(error);
        report("tool_failed", { tool: name, message });
        return failure("internal", `This is a mistake of the server's, not yours: ${message}`);
      }
    },
  };
}

/** A schema as JSON Schema, of the version that clients of the protocol are sure to know. */
function schemaOf(schema: z.ZodObject, io: "input" | "output"): Described["inputSchema"] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: "draft-7",
    // That numbers are no larger than numbers can be is nothing that a model has to read.
    override({ jsonSchema }) {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return json as Described["inputSchema"];
}

function faultsOf({ issues }: z.ZodError): string {
  const faults = issues.slice(0, 5).map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`
  );
  return `The arguments are not as the tool takes them. ${faults.join("; ")}`;
}

/** What an agent should do next, where the reason alone does not say it. */
const whatNext: Readonly<Record<string, string>> = {
  path_unknown: "list_files shows what there is.",
  not_found: "list_files shows what there is.",
  revision_unknown: "Name a revision that an answer has given you.",
  revision_forgotten: "Read the file again, and name the revision which that gives.",
  text_not_found: "It has to stand in the file as it was at the revision you name: read it again to be sure.",
  patch_unfit: "It has to fit the file as it was at the revision you name: read it again to be sure.",
  precondition_failed: "See with diff what has changed, and decide anew.",
};

/** An answer that says why something was not done, and what to do. */
export function failure(code: string, message: string): CallToolResult {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  const next = whatNext[code] === undefined ? "" : ` ${whatNext[code]}`;
  return { content: [{ type: "text", text: `${code}: ${sentence}${next}` }], isError: true };
}

/**
 * The durable log, in SQLite: what a server writes, what looks back, and the tools for it.
 *
 * @module
 */

export { type DataCode, DataError } from "./errors.ts";
export { SqliteLog, type SqliteLogOptions } from "./log.ts";
export { SqliteReader } from "./reader.ts";
export { LogTools, type VerifyReport, type WorkspaceStats } from "./tools.ts";
export type { Retention } from "./upkeep.ts";
export { Writer } from "./writer.ts";

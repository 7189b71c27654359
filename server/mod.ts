/**
 * The live server: the core, the log, and the doors through which clients come.
 *
 * @module
 */

export { defaultSettings, type LogEntry, type Settings } from "./core/mod.ts";
export { type Appended, type Log, type Logged, MemoryLog } from "./log.ts";
export { observersOf } from "./observers.ts";
export { type Observer, secret, Shell, type ShellOptions } from "./shell.ts";
export { serveTcp } from "./tcp.ts";
export * from "./web/mod.ts";

/**
 * What there is to say of a profile.
 *
 * @module
 */

/** What a profile leaves to the seed: ranges of whole numbers, both ends included. */
export interface Profile {
  readonly description: string;
  readonly clients: readonly [number, number];
  /** Deeds of all clients together. */
  readonly deeds: readonly [number, number];
  /** How long the storm lasts, in seconds. */
  readonly seconds: readonly [number, number];
  /** Faults in one storm. */
  readonly faults: readonly [number, number];
  /** Which families of faults there may be. */
  readonly families: readonly Family[];
  /** One in so many scenarios has somebody who means harm; 0 for none. */
  readonly hostileOneIn: number;
  /** One in so many scenarios has limits at their extremes. */
  readonly extremesOneIn: number;
  /** Whether everybody needs a token, and most of them do not cover everything. */
  readonly needsTokens?: true;
  /** One in so many scenarios has people who sign; 0 for none. */
  readonly signedOneIn: number;
}

/** Faults of one kind. */
export type Family = "connection" | "partition" | "client" | "server" | "log" | "epoch" | "token";

/** In microseconds. */
export const second = 1_000_000;

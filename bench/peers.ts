/**
 * The typed door to the peers that we measure ourselves beside. Several have no types of their own; what the
 * benchmarks use of them is typed here, once.
 *
 * @module
 */

import * as diamond from "diamond-types-node";
import jumprope from "jumprope";
import otjs from "ot";
import * as unicode from "ot-text-unicode";

/** jumprope: a skip list of strings, edited in place. */
export interface Rope {
  insert(at: number, text: string): void;
  del(at: number, count: number): void;
  toString(): string;
  readonly length: number;
}

/** diamond-types-node: a CRDT in WebAssembly that keeps its whole history; edited in place. */
export interface DiamondDoc {
  ins(at: number, text: string): void;
  del(at: number, count: number): void;
  get(): string;
  free(): void;
}

/** ot (ot.js): an operation that goes over the whole document. */
export interface OtjsOperation {
  retain(count: number): OtjsOperation;
  insert(text: string): OtjsOperation;
  delete(count: number): OtjsOperation;
  apply(text: string): string;
  compose(second: OtjsOperation): OtjsOperation;
}

interface OtjsOperationClass {
  new (): OtjsOperation;
  /** Both sides at once: [a after b, b after a]; `a` stays left where the two tie. */
  transform(a: OtjsOperation, b: OtjsOperation): [OtjsOperation, OtjsOperation];
}

/** ot-text-unicode, ShareDB's type for text: numbers skip, strings insert, `{d}` deletes. */
export type UnicodeOp = (number | string | { d: number })[];

export interface UnicodeType {
  create(text?: string): string;
  apply(text: string, op: UnicodeOp): string;
  transform(op: UnicodeOp, other: UnicodeOp, side: "left" | "right"): UnicodeOp;
  compose(first: UnicodeOp, second: UnicodeOp): UnicodeOp;
  normalize(op: UnicodeOp): UnicodeOp;
}

export const JumpRope = jumprope as unknown as { new (text?: string): Rope };
export const DiamondTypes = diamond.Doc as unknown as { new (agent: string): DiamondDoc };
export const OtjsTextOperation = (otjs as unknown as { TextOperation: OtjsOperationClass }).TextOperation;
export const unicodeType = unicode.type as unknown as UnicodeType;

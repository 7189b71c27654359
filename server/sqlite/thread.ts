/**
 * A thread that is asked one thing after another, and answers in order.
 *
 * @module
 */

import { errorOf, sentErrorOf } from "./errors.ts";
import type { Answer, ArgumentOf, ResultOf } from "./messages.ts";

/** The side that asks. */
export class Thread<Calls> {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  constructor(module: URL) {
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const { resolve, reject } = this.#waiting.shift()!;
      if ("error" in data) reject(errorOf(data.error));
      else resolve(data.result);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(event.message));
    };
  }

  ask<Name extends keyof Calls>(
    name: Name,
    argument: ArgumentOf<Calls[Name]>,
  ): Promise<ResultOf<Calls[Name]>> {
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push(answer);
    this.#worker.postMessage({ name, argument });
    return answer.promise as Promise<ResultOf<Calls[Name]>>;
  }

  end(): void {
    this.#worker.terminate();
  }
}

/** The side that answers: to be called once, in the thread's module. */
export function answerWith<Calls>(
  calls: { readonly [Name in keyof Calls]: (argument: ArgumentOf<Calls[Name]>) => ResultOf<Calls[Name]> },
): void {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<{ name: keyof Calls; argument: never }>) => void;
    postMessage: (answer: Answer) => void;
  };
  scope.onmessage = ({ data: { name, argument } }) => {
    try {
      scope.postMessage({ result: calls[name](argument) });
    } catch (error) {
      scope.postMessage({ error: sentErrorOf(error) });
    }
  };
}

// What one rendering may take, counted while it goes on.

import type { Emitter } from "liquidjs";
import { RenderProblem } from "./template-error.ts";
import type { TemplateLimits } from "./template-limits.ts";

/** The limits of one rendering, as the engine asks them. */
export class Budget {
  #stepsLeft: number;
  #workLeft: number;
  readonly #limits: TemplateLimits;
  readonly #endsAtMs: number;

  constructor(limits: TemplateLimits) {
    this.#limits = limits;
    this.#stepsLeft = limits.steps;
    this.#workLeft = limits.work;
    this.#endsAtMs = performance.now() + limits.renderMs;
  }

  /** Before each value and block; the engine gives the time. */
  step(nowMs: number): void {
    if (--this.#stepsLeft < 0)
      throw new RenderProblem(`rendering takes more than ${this.#limits.steps} steps`);
    if (nowMs > this.#endsAtMs)
      throw new RenderProblem(`rendering takes more than ${this.#limits.renderMs} ms`);
  }

  work(size: number): void {
    this.#workLeft -= size;
    if (this.#workLeft < 0)
      throw new RenderProblem(`filters and loops make more than ${this.#limits.work} characters`);
  }
}

/** What comes out, up to its limit. */
export class BoundedEmitter implements Emitter {
  buffer = "";
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  write(text: unknown): void {
    this.buffer += text;
    if (this.buffer.length > this.#most)
      throw new RenderProblem(`the output has more than ${this.#most} characters`);
  }
}

// Random commands against a plain model of a handful of variables, written out by hand; and folds of what was decided
// from every snapshot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asDspexError } from "../../schemas/errors.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { stateHash } from "../log/snapshot.ts";
import { type Command, decide } from "./decide.ts";
import { decodeEvent, type VariableEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { rejectionOf } from "./rejection.ts";
import { decideRenewal } from "./renew.ts";
import { initialState, stateFromJson, stateToJson, type VariablesState } from "./state.ts";

const BASES = ["a", "b", "tone"] as const;
const definitions = {
  a: { name: "a", kind: "integer", min: 0, max: 10, default: 4, constraints: [{ expression: "a >= b" }] },
  b: { name: "b", kind: "integer", min: 0, max: 10, default: 2 },
  /** The same with narrower bounds. */
  narrow: { name: "b", kind: "integer", min: 0, max: 3, default: 1 },
  tone: { name: "tone", kind: "choice", choices: ["calm", "loud"], default: "calm" },
  sum: { name: "sum", kind: "integer", min: 0, max: 15, expression: "a + b" },
  shout: { name: "shout", kind: "boolean", expression: "tone == 'loud' and sum > 5" },
};

interface Plain {
  value: unknown;
  version: number;
  isDeprecated: boolean;
}

/** What should be so, said as plainly as it can be. */
class Model {
  all = new Map<string, Plain>();
  mostOfB = 10;

  /** The code of the refusal, or undefined. */
  run(command: Command): string | undefined {
    switch (command.kind) {
      case "set":
        return this.#set(command.values, command.expect ?? {});
      case "reset":
        return this.#reset(command.names);
      case "deprecate":
        return this.#deprecate(command.name);
      case "register":
        return this.#register(command.variables[0] as { name: string; max: number });
      default:
        return undefined;
    }
  }

  #set(
    values: Readonly<Record<string, unknown>>,
    expect: Readonly<Record<string, number>>,
  ): string | undefined {
    for (const [name, version] of Object.entries(expect)) {
      const found = this.all.get(name);
      if (found === undefined) return "not_found";
      if (found.version !== version) return "conflict";
    }
    for (const [name, value] of Object.entries(values)) {
      const found = this.all.get(name);
      if (found === undefined) return "not_found";
      if (found.isDeprecated) return "gone";
      if (!this.#fits(name, value)) return "invalid_inputs";
    }
    return this.#give(values);
  }

  #fits(name: string, value: unknown): boolean {
    if (name === "tone") return value === "calm" || value === "loud";
    if (name !== "a" && name !== "b") return false;
    return (
      Number.isInteger(value) &&
      (value as number) >= 0 &&
      (value as number) <= (name === "b" ? this.mostOfB : 10)
    );
  }

  #reset(names: readonly string[]): string | undefined {
    for (const name of names) {
      const found = this.all.get(name);
      if (found === undefined) return "not_found";
      if (found.isDeprecated) return "gone";
      if (name === "sum" || name === "shout") return "invalid_inputs";
    }
    const defaults = { a: 4, b: this.mostOfB === 3 ? 1 : 2, tone: "calm" };
    return this.#give(Object.fromEntries(names.map((name) => [name, defaults[name as "a"]])));
  }

  #give(values: Readonly<Record<string, unknown>>): string | undefined {
    const now = (name: string) => (Object.hasOwn(values, name) ? values[name] : this.all.get(name)?.value);
    const [a, b] = [now("a") as number, now("b") as number];
    const isActive = (name: string) => this.all.get(name)?.isDeprecated === false;
    const changesAB = a !== this.all.get("a")?.value || b !== this.all.get("b")?.value;
    if (changesAB && isActive("sum") && a + b > 15) return "invalid_inputs";
    if (changesAB && isActive("a") && a < b) return "invalid_inputs";
    for (const [name, value] of Object.entries(values)) this.#put(name, value);
    this.#compute();
    return undefined;
  }

  #compute(): void {
    const value = (name: string) => this.all.get(name)?.value;
    if (this.all.get("sum")?.isDeprecated === false)
      this.#put("sum", (value("a") as number) + (value("b") as number));
    if (this.all.get("shout")?.isDeprecated === false)
      this.#put("shout", value("tone") === "loud" && (value("sum") as number) > 5);
  }

  #put(name: string, value: unknown): void {
    const found = this.all.get(name) as Plain;
    if (found.value === value) return;
    found.value = value;
    found.version++;
  }

  #deprecate(name: string): string | undefined {
    const found = this.all.get(name);
    if (found === undefined) return "not_found";
    if (found.isDeprecated) return undefined;
    const neededBy: Record<string, string[]> = {
      a: ["sum"],
      b: ["a", "sum"],
      tone: ["shout"],
      sum: ["shout"],
    };
    if ((neededBy[name] ?? []).some((other) => this.all.get(other)?.isDeprecated === false))
      return "conflict";
    found.isDeprecated = true;
    found.version++;
    return undefined;
  }

  /** Only `b` is declared again, with one bound or the other. */
  #register({ max }: { name: string; max: number }): string | undefined {
    const b = this.all.get("b") as Plain;
    if (!b.isDeprecated && max === this.mostOfB) return undefined;
    const keeps = (b.value as number) <= max;
    const value = keeps ? (b.value as number) : max === 3 ? 1 : 2;
    const a = this.all.get("a") as Plain;
    const holds = (one: number) =>
      (a.isDeprecated || (a.value as number) >= one) &&
      (this.all.get("sum")?.isDeprecated === true || (a.value as number) + one <= 15);
    const other = max === 3 ? 1 : 2;
    if (!holds(value) && !holds(other)) return "invalid_inputs";
    this.mostOfB = max;
    b.isDeprecated = false;
    b.value = holds(value) ? value : other;
    b.version++;
    this.#compute();
    return undefined;
  }
}

const name = fc.constantFrom(...BASES, ...BASES, "sum", "shout", "nobody");
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1, max: 11 }) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>("calm", "loud") },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(1.5, true, null, "x", []) },
);
const said = { by: "local" };
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        values: fc.dictionary(name, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
        expect: fc.option(
          fc.dictionary(name, fc.integer({ min: 1, max: 5 }), { maxKeys: 1, noNullPrototype: true }),
          {
            nil: undefined,
            freq: 4,
          },
        ),
      })
      .map(({ values, expect }): Command => ({ kind: "set", ...said, values, expect })),
  },
  {
    weight: 2,
    arbitrary: fc
      .uniqueArray(name, { minLength: 1, maxLength: 3 })
      .map((names): Command => ({ kind: "reset", ...said, names })),
  },
  { weight: 1, arbitrary: name.map((one): Command => ({ kind: "deprecate", ...said, name: one })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(definitions.b, definitions.narrow)
      .map((one): Command => ({ kind: "register", ...said, variables: [one] })),
  },
);

const FIRST: Command = {
  kind: "register",
  by: "config",
  variables: [definitions.shout, definitions.sum, definitions.a, definitions.b, definitions.tone],
};

/** Decides as the registry does, and gives the log that comes of it. */
function run(commands: readonly Command[]): {
  state: VariablesState;
  log: VariableEvent[];
  codes: (string | undefined)[];
} {
  let state = initialState();
  const log: VariableEvent[] = [];
  const codes = commands.map((command) => {
    let code: string | undefined;
    let event: ReturnType<typeof decide>;
    try {
      event = decide(state, command);
    } catch (thrown) {
      const error = asDspexError(thrown);
      code = error.code;
      event = rejectionOf(command, error);
    }
    if (event === undefined) return code;
    // As the log gives it back: through its JSON and its schema.
    const sequence = (log.length + 1) * 10;
    const message = {
      subject: `dspex.event.variable.${event.verb}`,
      sequence,
      timeMs: sequence,
      json: () => JSON.parse(JSON.stringify({ data: event.data })),
    };
    const decoded = decodeEvent(message) as VariableEvent;
    log.push(decoded);
    state = evolve(state, decoded);
    return code;
  });
  return { state, log, codes };
}

const hash = (state: VariablesState) => stateHash(stateToJson(state));

test("random commands - do what a plain model says", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
      const model = new Model();
      for (const [one, first] of Object.entries({ a: 4, b: 2, tone: "calm", sum: 6, shout: false }))
        model.all.set(one, { value: first, version: 1, isDeprecated: false });
      const { state, codes } = run([FIRST, ...commands]);
      const expected = commands.map((command) => model.run(command));
      assert.deepEqual(codes.slice(1), expected);
      for (const [one, plain] of model.all) {
        const {
          value: now,
          version,
          status,
        } = state.variables.get(one) as NonNullable<ReturnType<typeof state.variables.get>>;
        assert.deepEqual({ value: now, version, isDeprecated: status === "deprecated" }, plain, one);
      }
    }),
    { numRuns: 500 },
  );
});

test("random commands - whatever is in force fits, and every event is whole", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
      let state = initialState();
      for (const event of run([FIRST, ...commands]).log) {
        state = evolve(state, event);
        const now = (one: string) => state.variables.get(one);
        const [a, b, sum] = [now("a"), now("b"), now("sum")];
        if (a?.status === "active") assert.ok(Number(a.value) >= Number(b?.value));
        if (sum?.status === "active") assert.equal(sum.value, Number(a?.value) + Number(b?.value));
      }
    }),
    { numRuns: 200 },
  );
});

test("replay - from every snapshot is the same as from the start", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
      const { state, log } = run([FIRST, ...commands]);
      for (let cut = 0; cut <= log.length; cut++) {
        const before = log.slice(0, cut).reduce(evolve, initialState());
        const loaded = stateFromJson(JSON.parse(JSON.stringify(stateToJson(before))));
        const after = log.slice(cut).reduce(evolve, loaded);
        assert.equal(hash(after), hash(state));
      }
    }),
    { numRuns: 100 },
  );
});

test("a log whose head is gone - tells all values again, and only once", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 30 }), fc.nat({ max: 29 }), (commands, cut) => {
      const { state, log } = run([FIRST, ...commands]);
      const tail = log.slice(Math.min(cut, log.length - 1) + 1);
      const range = {
        firstSequence: (cut + 2) * 10,
        lastSequence: Math.max(state.sequence, (cut + 2) * 10) * 2,
      };
      for (let n = 1; ; n++) {
        const event = decideRenewal(state, range);
        if (event === undefined) break;
        assert.ok(n < 10, "it does not end");
        const told = { ...event, sequence: range.lastSequence + n, timeMs: 0 };
        tail.push(told);
        evolve(state, told);
      }
      const reader = tail.reduce(evolve, initialState());
      const shown = ({ variables }: VariablesState) =>
        [...variables.values()]
          .map(({ history: _, ...variable }) => variable)
          .sort((x, y) => (x.definition.name < y.definition.name ? -1 : 1));
      assert.deepEqual(shown(reader), shown(state));
    }),
    { numRuns: 200 },
  );
});

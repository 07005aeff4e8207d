import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../schemas/errors.ts";
import { adminRequest } from "./admin-request.ts";
import type { Api, ApiCall } from "./api.ts";

const nobody = () => unavailable(Object.assign(new Error("no responders"), { isNoResponders: () => true }));
const late = () => unavailable(new Error("timeout"));
const refused = () => new DspexError("not_allowed", "needs the right");
function unavailable(cause: Error): DspexError {
  return new DspexError("unavailable", "nobody answered", { cause });
}

/** Answers one call after the other; keeps who was asked. */
function played(...answers: unknown[]) {
  const asked: string[] = [];
  const request = async ({ admin }: ApiCall) => {
    asked.push(admin === true ? "admin" : "all");
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, outcome: adminRequest({ request } as unknown as Api, { verb: "x" }) };
}

const cases: [name: string, answers: unknown[], asked: string[], outcome: string][] = [
  ["who is answered", ["done"], ["admin"], "done"],
  ["who has not the right", [nobody(), refused(), nobody()], ["admin", "all", "admin"], "not_allowed"],
  ["a service that is away", [nobody(), nobody()], ["admin", "all"], "unavailable"],
  ["one that came back in between", [nobody(), refused(), "done"], ["admin", "all", "admin"], "done"],
  ["one that is late, and may have done it", [late()], ["admin"], "unavailable"],
  [
    "one that was late the second time",
    [nobody(), refused(), late()],
    ["admin", "all", "admin"],
    "unavailable",
  ],
  ["one that refuses", [new DspexError("conflict", "no")], ["admin"], "conflict"],
];
for (const [name, answers, asked, outcome] of cases)
  test(`an administrator's request - ${name}`, async () => {
    const call = played(...answers);
    const told = await call.outcome.catch((error: DspexError) => error.code);
    assert.deepEqual([told, call.asked], [outcome, asked]);
  });

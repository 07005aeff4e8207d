import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import { evidence, thresholdOf } from "../evaluate/promotion.ts";
import { STANDARD_SETTINGS } from "../policy/state.ts";
import { estimateOf, newEstimate, observeWeighted } from "./estimate.ts";
import { changeChampion, evidenceOf, observeTrial, restartContest } from "./observe.ts";
import { challengersOf } from "./settings.ts";
import { CONTEST_BOUNDS, type ContestState, contestFromJson, contestToJson, newContest } from "./state.ts";

const BOLDER: PolicySettings = { name: "bolder", rule: "thompson", temper: 1, floor: 0.05 };

/** Two candidates, drawn in turn; the second always succeeds, the first never. "bolder" would take the second more often. */
function play(contest: ContestState, decisions: number, reward: (chosen: number) => number): void {
  for (let n = 0; n < decisions; n++) {
    observeTrial(
      contest,
      {
        sequence: n + 1,
        probabilities: [0.5, 0.5],
        chosen: n % 2,
        forecasts: [0.5, 0.5],
        reward: reward(n % 2),
        under: ({ name }) => (name === "bolder" ? [0.2, 0.8] : [0.5, 0.5]),
      },
      STANDARD_SETTINGS,
      undefined,
    );
  }
}

test("challengers - are the set without what is in force, and what was before", () => {
  const names = (champion: PolicySettings, former?: PolicySettings) =>
    challengersOf(champion, former).map(({ name }) => name);
  assert.deepEqual(names(STANDARD_SETTINGS), ["bolder", "calmer", "declared-order"]);
  const mine: PolicySettings = { name: "mine", rule: "thompson", temper: 2, floor: 0.2 };
  assert.deepEqual(names(mine), ["standard", "bolder", "calmer", "declared-order"]);
  assert.deepEqual(names(STANDARD_SETTINGS, mine), ["bolder", "calmer", "declared-order", "mine"]);
  assert.deepEqual(names({ ...STANDARD_SETTINGS, name: "renamed" }), ["bolder", "calmer", "declared-order"]);
});

test("a challenger that would get more - wins, with its evidence", () => {
  const contest = newContest(STANDARD_SETTINGS);
  play(contest, 400, (chosen) => chosen);
  const { verdict } = contest;
  assert.equal(verdict?.verb, "promoted");
  assert.equal(verdict?.to.name, "bolder");
  assert.ok((verdict?.sequence ?? 0) < 200);
  assert.ok((verdict?.evidence.wealth ?? 0) >= (verdict?.evidence.threshold ?? 1));
  assert.ok(Math.abs((verdict?.evidence.estimated ?? 0) - 0.8) < 0.05);
  assert.ok(Math.abs((verdict?.evidence.logged ?? 0) - 0.5) < 0.05);
});

test("a challenger that gets the same - never wins", () => {
  const contest = newContest(STANDARD_SETTINGS);
  play(contest, 5_000, () => 0.5);
  assert.equal(contest.verdict, undefined);
  for (const one of contest.challengers) assert.ok(evidence(one.promotion) <= 1.001);
});

test("what explores nothing - is never promoted by itself, and its evidence is told", () => {
  const contest = newContest(BOLDER);
  for (let n = 0; n < 1_000; n++) {
    const trial = {
      sequence: n,
      probabilities: [0.5, 0.5],
      chosen: n % 2,
      forecasts: [0.5, 0.5],
      reward: 1 - (n % 2),
      under: ({ rule }: PolicySettings) => (rule === "declared-order" ? [1, 0] : [0.5, 0.5]),
    };
    observeTrial(contest, trial, BOLDER, undefined);
  }
  assert.equal(contest.verdict, undefined);
  const order = contest.challengers.find(({ settings }) => settings.rule === "declared-order");
  assert.ok(order !== undefined && evidenceOf(contest, order).wealth > evidenceOf(contest, order).threshold);
});

test("after a promotion - rewards below what it promised roll it back, and it has to show more the next time", () => {
  const contest = newContest(STANDARD_SETTINGS);
  const promised = {
    decisions: 400,
    wealth: 60,
    threshold: 50,
    logged: 0.5,
    estimated: 0.8,
    halfWidth: 0.05,
  };
  changeChampion(contest, {
    verb: "promoted",
    from: STANDARD_SETTINGS,
    to: BOLDER,
    former: STANDARD_SETTINGS,
    promised,
  });
  let decisions = 0;
  while (contest.verdict === undefined && decisions < 500) {
    const trial = {
      sequence: decisions,
      probabilities: [0.5, 0.5],
      chosen: decisions % 2,
      forecasts: [0.5, 0.5],
      reward: decisions % 2,
      under: () => [0.5, 0.5],
    };
    observeTrial(contest, trial, BOLDER, STANDARD_SETTINGS);
    decisions++;
  }
  assert.equal(contest.verdict?.verb, "rolled-back");
  assert.equal(contest.verdict?.to.name, "standard");
  assert.match(
    contest.verdict?.reason ?? "",
    /under "bolder" got 0\.\d+, at least 0\.750 had been estimated/,
  );
  changeChampion(contest, {
    verb: "rolled-back",
    from: BOLDER,
    to: STANDARD_SETTINGS,
    former: undefined,
    promised: undefined,
  });
  const [bolder, calmer] = contest.challengers;
  assert.equal(contest.live, undefined);
  const [again, first] = [bolder, calmer].map((one) => thresholdOf(one?.promotion ?? { restarts: 99 }));
  assert.equal(Math.round(again ?? 0), Math.round(5 * (first ?? 0)));
});

test("a promise that is kept - is no longer watched after some thousand decisions", () => {
  const contest = newContest(STANDARD_SETTINGS);
  const promised = {
    decisions: 400,
    wealth: 60,
    threshold: 50,
    logged: 0.4,
    estimated: 0.5,
    halfWidth: 0.05,
  };
  changeChampion(contest, {
    verb: "promoted",
    from: STANDARD_SETTINGS,
    to: BOLDER,
    former: STANDARD_SETTINGS,
    promised,
  });
  play(contest, CONTEST_BOUNDS.liveDecisions, () => 0.5);
  assert.equal(contest.live, undefined);
});

test("a change of an arm - voids bets, promise and verdict", () => {
  const contest = newContest(STANDARD_SETTINGS);
  play(contest, 400, (chosen) => chosen);
  restartContest(contest);
  assert.equal(contest.verdict, undefined);
  for (const { promotion, estimate } of contest.challengers) {
    assert.deepEqual([evidence(promotion), promotion.restarts, estimate.count], [1, 1, 0]);
  }
});

test("a contest - is the same after it was written down", () => {
  const contest = newContest(STANDARD_SETTINGS);
  play(contest, 400, (chosen) => chosen);
  const json = JSON.stringify(contestToJson(contest));
  assert.equal(JSON.stringify(contestToJson(contestFromJson(JSON.parse(json)))), json);
});

test("the estimate - is the mean where both choose alike, and says nothing of nothing", () => {
  const sums = newEstimate();
  assert.equal(estimateOf(sums).halfWidth, 1);
  for (let n = 0; n < 400; n++) observeWeighted(sums, 1, n % 2);
  const { value, halfWidth } = estimateOf(sums);
  assert.equal(value, 0.5);
  assert.ok(Math.abs(halfWidth - 1.96 * Math.sqrt(0.25 / 400)) < 0.001);
});

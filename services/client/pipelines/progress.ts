// How far a run is, from its events: what `get` of the API answers, without asking after each event. Pure.

import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult, PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { RunEventAnswer, RunStatus, StageProgress } from "./answers.ts";
import { type GraphView, graphView } from "./drawing/graph-view.ts";

/** What `events()` tells with each event. */
export interface EventProgress {
  status: RunStatus;
  /** Of the pipeline's own stages, one as heavy as another, a map by its items; 99 at most while it is on, then 100. */
  percent: number;
  /** Since the run began. */
  elapsedMs: number;
  /** In the order of the definition. */
  stages: StageProgress[];
}

interface Growing extends StageProgress {
  depth: number;
  /** Paths of its instances that run. */
  on: Set<string>;
  /** Bodies that have ended: items, rounds. */
  left: number;
  rounds?: number;
}

export class ProgressFold {
  readonly #stages = new Map<number, Growing>();
  #status: RunStatus = "running";
  #isOver = false;
  #startedAtMs = 0;
  #atMs = 0;

  /** Stages are listed from the start where the definition is known, and as they begin where it is not. */
  constructor(definition?: Pick<PipelineDefinition, "stages" | "outputs">) {
    if (definition !== undefined) this.#know(graphView(definition), []);
  }

  apply({ time, verb, data }: RunEventAnswer): void {
    this.#atMs = Date.parse(time);
    if (this.#startedAtMs === 0) this.#startedAtMs = this.#atMs;
    for (const step of (data.steps ?? []) as PipelineStep[]) this.#step(step, time);
    if (verb === "finished") this.#finish(data as unknown as PipelineResult);
  }

  now(): EventProgress {
    const stages = [...this.#stages.values()].sort((a, b) => a.stage - b.stage);
    return {
      status: this.#status,
      percent: this.#percent(stages),
      elapsedMs: this.#atMs - this.#startedAtMs,
      stages: stages.map(({ depth: _depth, on: _on, left: _left, rounds: _rounds, ...stage }) => stage),
    };
  }

  #know(view: GraphView, within: string[]): void {
    for (const { stage, name, kind, bodies, rounds } of view.nodes) {
      const more = { within, depth: within.length, ...(rounds !== undefined && { rounds }) };
      this.#stages.set(stage, { ...fresh(stage, name, kind), ...more });
      for (const { graph } of bodies) this.#know(graph, [...within, name]);
    }
  }

  #stage(stage: number, name: string, path = ""): Growing {
    const known = this.#stages.get(stage);
    if (known !== undefined) return known;
    const within = path === "" ? [] : path.split("/").map((part) => part.replace(/\[.*/, ""));
    const made = { ...fresh(stage, name, "call"), within, depth: within.length };
    this.#stages.set(stage, made);
    return made;
  }

  #step(step: PipelineStep, time: string): void {
    switch (step.kind) {
      case "started": {
        const stage = this.#stage(step.stage, step.name, step.path);
        stage.started++;
        begin(stage, step.path);
        stage.startedAt ??= time;
        if (step.items !== undefined) stage.items = (stage.items ?? 0) + step.items;
        return;
      }
      case "finished": {
        const stage = this.#stage(step.stage, step.name, step.path);
        stage.finished++;
        stage.workMs += step.durationMs;
        settle(stage, step.path, "finished");
        return;
      }
      case "failed": {
        const stage = this.#stage(step.stage, step.name, step.path);
        stage.workMs += step.durationMs;
        stage.error = step.error as WireError;
        // What stands in for it has still to end.
        if (step.next === "fallback" || step.next === "value") begin(stage, step.path);
        else if (step.next === "retry") {
          settle(stage, step.path, "backoff");
          stage.status = "backoff";
        } else {
          if (step.next === "skip") stage.skipped++;
          else stage.failed++;
          settle(stage, step.path, step.next === "skip" ? "skipped" : "failed");
        }
        return;
      }
      case "skipped": {
        const stage = this.#stage(step.stage, step.name, step.path);
        stage.skipped++;
        settle(stage, step.path, "skipped");
        return;
      }
      case "dropped":
        for (const stage of this.#stages.values())
          for (const path of stage.on) if (isWithin(path, step.path)) settle(stage, path, "cancelled");
        return;
      case "left": {
        const stage = this.#stages.get(step.stage);
        if (stage !== undefined) stage.left++;
        return;
      }
      case "ended":
        if (step.status !== "succeeded") this.#status = "compensating";
        return;
      default:
        // Bodies that begin show in the stages within them.
        return;
    }
  }

  #finish(result: PipelineResult): void {
    this.#status = result.status;
    this.#isOver = true;
    const reports = new Map(result.stages.map((one) => [one.stage, one]));
    for (const stage of this.#stages.values()) {
      stage.running = 0;
      stage.on.clear();
      const report = reports.get(stage.stage);
      if (report?.error !== undefined) stage.error ??= report.error as WireError;
      if (stage.status === "running" || stage.status === "backoff")
        stage.status = stage.finished > 0 ? "finished" : "cancelled";
      else if (stage.status === "waiting" && result.status === "succeeded") stage.status = "skipped";
    }
  }

  #percent(stages: readonly Growing[]): number {
    if (this.#isOver) return 100;
    const own = stages.filter(({ depth }) => depth === 0);
    if (own.length === 0) return 0;
    const done = own.reduce((sum, stage) => sum + this.#share(stage, stages), 0);
    return Math.min(99, Math.floor((100 * done) / own.length));
  }

  /** Of one stage, 0 … 1. */
  #share(stage: Growing, stages: readonly Growing[]): number {
    if (["finished", "failed", "skipped", "cancelled"].includes(stage.status)) return 1;
    const times = stage.items ?? stage.rounds;
    if (times !== undefined) return times === 0 ? 0 : Math.min(1, stage.left / times);
    const inside = stages.filter(
      (one) => one.started > 0 && one.depth === stage.depth + 1 && one.within.at(-1) === stage.name,
    );
    return inside.reduce((sum, one) => sum + this.#share(one, stages) / inside.length, 0);
  }
}

function fresh(stage: number, name: string, kind: string): Growing {
  return {
    depth: 0,
    on: new Set(),
    left: 0,
    stage,
    name,
    within: [],
    kind,
    status: "waiting",
    started: 0,
    running: 0,
    finished: 0,
    failed: 0,
    skipped: 0,
    workMs: 0,
  };
}

function begin(stage: Growing, path = ""): void {
  stage.on.add(path);
  stage.running = stage.on.size;
  stage.status = "running";
}

/** What it is when one instance of it has ended: as long as another runs, it runs. */
function settle(stage: Growing, path = "", status: StageProgress["status"]): void {
  stage.on.delete(path);
  stage.running = stage.on.size;
  stage.status = stage.running > 0 ? "running" : status;
}

function isWithin(path: string, body: string): boolean {
  return path === body || path.startsWith(`${body}/`);
}

// `dspy.Predict` in a Python process without a bus, as a side to measure.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readEnvironment } from "../../services/app/config.ts";
import type { LoopResult } from "../kit/closed-loop.ts";
import type { Side } from "../kit/interleaved.ts";

export interface InProcess extends AsyncDisposable {
  side(name: string, program: "instant-predict" | "slow-predict"): Side;
}

const SCRIPT = fileURLToPath(new URL("in_process.py", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../python-pools", import.meta.url));

export function startInProcess(): InProcess {
  const child = spawn(readEnvironment().python, [SCRIPT], {
    env: { ...process.env, PYTHONPATH: PACKAGES },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers: PromiseWithResolvers<LoopResult>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    answers.shift()?.resolve(JSON.parse(line) as LoopResult);
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      for (const { reject } of answers) reject(new Error(`in_process.py ended with code ${code}`));
      resolve();
    });
  });
  return {
    side: (name, program) => ({
      name,
      processes: { python: [child.pid as number] },
      load: (loop) => {
        const answer = Promise.withResolvers<LoopResult>();
        answers.push(answer);
        child.stdin.write(`${JSON.stringify({ program, ...loop })}\n`);
        return answer.promise;
      },
    }),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}

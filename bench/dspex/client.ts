// DSPex's client process: an application with the client library and typed programs, as the README shows it.

import { connect, signature } from "../../services/client/mod.ts";
import { serveParent } from "../kit/child-process.ts";
import { closedLoop, type LoopSettings } from "../kit/closed-loop.ts";
import { PAYLOAD_TEXT, QUESTION } from "../kit/payload.ts";

export type MeasuredProgram = "echo" | "echo-python" | "instant-predict" | "slow-predict";

export interface DspexClientSettings {
  url: string;
  user: string;
  password: string;
}

serveParent(async ({ url, user, password }: DspexClientSettings) => {
  const dspex = await connect({ url, user, password });
  const echoing = (name: MeasuredProgram) => {
    const echo = dspex.program(name, signature("text: str -> echo: str"));
    return async (): Promise<void> => {
      const outputs = await echo({ text: PAYLOAD_TEXT });
      if (outputs.echo !== PAYLOAD_TEXT) throw new Error("wrong echo");
    };
  };
  const predicting = (name: MeasuredProgram) => {
    const predict = dspex.program(name, signature("question: str -> answer: str"));
    return async (): Promise<void> => {
      const outputs = await predict({ question: QUESTION });
      if (outputs.answer !== "four") throw new Error(`wrong answer ${outputs.answer}`);
    };
  };
  const calls: Record<MeasuredProgram, () => Promise<void>> = {
    echo: echoing("echo"),
    "echo-python": echoing("echo-python"),
    "instant-predict": predicting("instant-predict"),
    "slow-predict": predicting("slow-predict"),
  };
  return {
    load: ({ program, ...loop }: LoopSettings & { program: MeasuredProgram }) =>
      closedLoop(calls[program], loop),
    stop: () => dspex.close(),
  };
});

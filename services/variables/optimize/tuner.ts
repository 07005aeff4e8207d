// The program that searches: an ordinary one, of the pool `optimizer`. It is registered when it is first needed.

import { randomUUID } from "node:crypto";
import { type CloudEvent, cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import {
  PROGRAM_EVENTS,
  type ProgramDeclaration,
  type ProgramRegistered,
} from "../../../schemas/messages/program-event.ts";
import { programEventSubject } from "../../../schemas/subjects.ts";
import type { Appender } from "../../bus/append.ts";
import { isWrongLastSequence } from "../../bus/append-errors.ts";
import { nowText } from "../../bus/clock.ts";
import type { LogReader } from "../../log/read.ts";
import { definitionOf } from "../../programs/definition.ts";

export const TUNER_PROGRAM = "dspex-tune";
export const TUNER_DECLARATION: ProgramDeclaration = {
  name: TUNER_PROGRAM,
  description: "Searches for better values of variables; started by `variable.optimize`.",
  signature: "job: Any -> report: Any",
  implementations: [{ name: "tune", kind: "python", pool: "optimizer", entry: "tune" }],
};

/** Returns once the log has it. Any number of instances may do so at once. */
export async function registerTuner(reader: LogReader, appender: Appender, source: string): Promise<void> {
  const definition = definitionOf(TUNER_DECLARATION);
  const subject = programEventSubject(TUNER_PROGRAM, "registered");
  for (;;) {
    const last = await reader.last(subject);
    const known = (last?.json() as CloudEvent<ProgramRegistered> | undefined)?.data;
    if (known?.version === definition.version) return;
    const { type } = PROGRAM_EVENTS.registered;
    const event = cloudEvent(type, source, randomUUID(), nowText(), { ...definition, by: "dspex" });
    try {
      await appender.append(subject, stringifyJson(event), { expectedLastSequence: last?.sequence ?? 0 });
      return;
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
    }
  }
}

// The programs that ship.

import type { ConfigInput } from "../../../schemas/config/config.ts";
import type { DefinedProgram } from "../../programs/define.ts";
import { answer } from "./answer.ts";
import { calculator } from "./calculator.ts";
import { chunkTextProgram } from "./chunk-text.ts";
import { dedupeTextsProgram } from "./dedupe-texts.ts";
import { echo, echoPython } from "./echo.ts";
import { extract } from "./extract.ts";
import { redactPiiProgram } from "./redact-pii.ts";
import { renderTemplateProgram } from "./render-template.ts";
import { repairJsonProgram } from "./repair-json.ts";
import { scoreJsonProgram } from "./score-json.ts";
import { scoreLabelsProgram } from "./score-labels.ts";
import { scoreRankingProgram } from "./score-ranking.ts";
import { scoreTextProgram } from "./score-text.ts";
import { searchTextProgram } from "./search-text.ts";
import { sentiment } from "./sentiment.ts";
import { solve } from "./solve.ts";
import { summarize } from "./summarize.ts";
import { topic } from "./topic.ts";
import { validateProgram } from "./validate.ts";

/** `models`: as the same configuration gives them; some programs have more implementations with more capable ones. */
export function shippedPrograms(models?: ConfigInput["models"]): readonly DefinedProgram[] {
  return [
    echo,
    echoPython,
    calculator,
    sentiment,
    topic,
    answer,
    summarize,
    extract,
    solve(models),
    scoreTextProgram,
    scoreJsonProgram,
    scoreLabelsProgram,
    scoreRankingProgram,
    chunkTextProgram,
    searchTextProgram,
    dedupeTextsProgram,
    renderTemplateProgram,
    validateProgram,
    repairJsonProgram,
    redactPiiProgram,
  ];
}

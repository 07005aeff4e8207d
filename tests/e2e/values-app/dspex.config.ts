// The application of the tests of values: one Python process, programs with every type. The tests register more.

import { defineConfig, defineProgram, python } from "../../../services/programs/define.ts";

const NONE = { slots: 1, processes: 0 };

export default defineConfig({
  modules: ["modules"],
  pools: { general: { slots: 8 }, optimizer: NONE, neural: NONE },
  embeddedModel: false,
  programs: [
    defineProgram(
      "kinds",
      `text: str, whole: int, real: float, yes: bool, raw: bytes, day: date, clock: time, moment: datetime,
       items: list[date], named: dict[str, bytes], thing: {born: date, tags: list[str]}, one: Literal['a', 2],
       maybe: datetime | None, other: Any, picture: Image, turns: History
       -> kinds: dict[str, str]`,
      { implementations: [python("kinds", { pool: "general", entry: "kinds" })] },
    ),
    defineProgram(
      "wrong",
      "which: str -> text: str | None, real: float | None, moment: datetime | None, items: list[date] | None",
      {
        implementations: [python("wrong", { pool: "general", entry: "wrong" })],
      },
    ),
  ],
});

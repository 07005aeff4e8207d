// The application that `npm start` runs: the programs that ship, on the embedded model.
// Another model is one entry more (docs/models.md), a program of your own one line in `programs` (docs/programs.md).

import { defineConfig } from "dspex/config";
import { shippedPrograms } from "./services/native/programs/mod.ts";

export default defineConfig({
  programs: [...shippedPrograms()],
  modules: ["./python-modules"],
});

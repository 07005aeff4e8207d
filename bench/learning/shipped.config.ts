// The programs that ship, with the pools that they need and no more: what is measured shares its cores with nothing idle.

import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { defineConfig } from "../../services/programs/define.ts";

export default defineConfig({
  programs: [...shippedPrograms()],
  modules: ["../../python-modules"],
  pools: {
    general: { slots: 8, processes: 1 },
    optimizer: { slots: 1, processes: 0 },
    neural: { slots: 1, processes: 0 },
  },
});

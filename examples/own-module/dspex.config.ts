// Nothing but a folder of Python modules: the general pool imports it and announces what it finds.
// Run it: `npx dspex up --config examples/own-module/dspex.config.ts`.

import { defineConfig } from "dspex/config";

// #region config
export default defineConfig({ programs: [], modules: ["./python-modules"] });
// #endregion

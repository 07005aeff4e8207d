// What ships and the examples' configurations together, so that one running system serves all of them.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import shipped from "../../dspex.config.ts";
import ownModule from "../../examples/own-module/dspex.config.ts";
import typescriptApp from "../../examples/typescript-app/dspex.config.ts";
import type { DefinedConfig } from "../../services/programs/define.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const parts: [config: DefinedConfig, file: string][] = [
  [shipped, "dspex.config.ts"],
  [typescriptApp, "examples/typescript-app/dspex.config.ts"],
  [ownModule, "examples/own-module/dspex.config.ts"],
];

const together: DefinedConfig = {
  settings: {
    ...shipped.settings,
    // Folders are relative to the configuration that names them.
    modules: parts.flatMap(([{ settings }, file]) =>
      settings.modules.map((folder) => resolve(root, dirname(file), folder)),
    ),
  },
  declarations: parts.flatMap(([{ declarations }]) => declarations),
  functions: new Map(parts.flatMap(([{ functions }]) => [...functions])),
  variables: parts.flatMap(([{ variables }]) => variables),
};
export default together;

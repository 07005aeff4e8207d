// The door for an application's configuration: what `import … from "dspex/config"` gives.

export { variable } from "../variables/define.ts";
export {
  choice,
  type DefinedConfig,
  type DefinedProgram,
  defineConfig,
  defineProgram,
  dspy,
  type NativeContext,
  native,
  plain,
  python,
  structured,
} from "./define.ts";

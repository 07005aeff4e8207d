// A template as the prompt of a program: it may ask for the signature's inputs and nothing else, which is told when it is
// made, not when it is rendered.

import { DspexError } from "../../../../schemas/errors.ts";
import { type InputsOf, signature } from "../../../../schemas/signature/mod.ts";
import type { Checked } from "../../../../schemas/signature/typed/infer.ts";
import { compileTemplate, type TemplateOptions } from "./compile.ts";

/**
 * `promptTemplate("question: str, context: list[str] -> answer: str", "{% for c in context %}…")`. An input that is
 * absent has its default, or is null: nothing comes out for it, and a condition can ask.
 * @throws DspexError `invalid_inputs` where the template asks for what is no input.
 */
export function promptTemplate<const Text extends string>(
  text: Checked<Text> extends Text ? Text : Checked<Text>,
  source: string,
  options: TemplateOptions = {},
): (inputs: InputsOf<Text>) => string {
  const { ast, inputs } = signature(text as never);
  const template = compileTemplate(source, options);
  const names = ast.inputs.map(({ name }) => name);
  const unknown = template.variables().find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new DspexError(
      "invalid_inputs",
      `template: ${JSON.stringify(unknown)} is no input of the signature, it has: ${names.join(", ")}`,
      { path: "template" },
    );
  const absent = Object.fromEntries(names.map((name) => [name, null]));
  return (given) => {
    const wire = inputs.encode(given as never);
    const checked = inputs.validate(wire);
    // With the defaults of what is absent.
    return template.render({ ...absent, ...(checked.ok ? checked.value : wire) });
  };
}

// `render-template`: values put into a template. The twin in Python (python-modules/native_templates) renders the same and is
// asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { renderTemplate } from "../modules/templates/mod.ts";

export const renderTemplateProgram = defineProgram(
  "render-template",
  `template: str(max_length=65536) "Liquid: {{ name }}, {% if %}, {% for %}",
   values: dict[str, Any],
   target: Literal["text", "html", "xml", "json", "markdown"] = "text" "how values are escaped",
   partials: dict[str, str] = {} "templates that it may render, by name"
   -> text: str`,
  {
    description: "Puts values into a template; a value that is missing is an error.",
    implementations: [
      native("native", ({ template, values, target, partials }) => ({
        text: renderTemplate(template, values, { target, partials }),
      })),
      python("python", { pool: "general", entry: "render-template", lastResort: true }),
    ],
  },
);

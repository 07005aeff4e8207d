// The door to templates: logic-light texts with places for values, for prompts, mails, pages and JSON.

export { compileTemplate, renderTemplate, type Template, type TemplateOptions } from "./compile.ts";
export { promptTemplate } from "./prompt.ts";
export { TEMPLATE_LIMITS, type TemplateLimits } from "./template-limits.ts";
export { TEMPLATE_TARGETS, type TemplateTarget } from "./template-text.ts";

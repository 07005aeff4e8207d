// What docs/native-modules.md shows of `dspex/templates`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplate, promptTemplate, renderTemplate } from "./mod.ts";

// #region mail
const mail = compileTemplate<{ name: string; items: { title: string; price: number }[] }>(
  `Hello {{ name }},
{% for item in items -%}
- {{ item.title | upcase }}: {{ item.price | times: 1.19 | round: 2 }}
{% endfor -%}
{{ items.size }} items.`,
);
const text = mail.render({ name: "Ann", items: [{ title: "tea", price: 4 }] });
// #endregion

test("a template that is compiled", () => assert.equal(text, "Hello Ann,\n- TEA: 4.76\n1 items."));

// #region prompt
const prompt = promptTemplate(
  "question: str, context: list[str] = [], hint: str | None -> answer: str",
  `{{ question }}
{%- for passage in context %}
[{{ forloop.index }}] {{ passage }}
{%- endfor %}
{%- if hint %}
Hint: {{ hint }}
{%- endif %}`,
);
prompt({ question: "Why?", context: ["Because.", "So."] }); // Why?\n[1] Because.\n[2] So.
// #endregion

test("a prompt", () =>
  assert.equal(prompt({ question: "Why?", context: ["Because.", "So."] }), "Why?\n[1] Because.\n[2] So."));

test("targets", () => {
  // #region targets
  const x = `<b>"a"</b> *`;
  renderTemplate("{{ x }}", { x }, { target: "html" }); // &lt;b&gt;&#34;a&#34;&lt;/b&gt; *
  renderTemplate('{"x": {{ x }}}', { x }, { target: "json" }); // {"x": "\u003cb\u003e\"a\"\u003c/b\u003e *"}
  renderTemplate("{{ x }}", { x }, { target: "markdown" }); // \<b\>"a"\</b\> \*
  // #endregion
  assert.equal(renderTemplate("{{ x }}", { x }, { target: "html" }), "&lt;b&gt;&#34;a&#34;&lt;/b&gt; *");
  assert.equal(
    renderTemplate('{"x": {{ x }}}', { x }, { target: "json" }),
    '{"x": "\\u003cb\\u003e\\"a\\"\\u003c/b\\u003e *"}',
  );
  assert.equal(renderTemplate("{{ x }}", { x }, { target: "markdown" }), '\\<b\\>"a"\\</b\\> \\*');
});

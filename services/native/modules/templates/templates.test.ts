// What templates render, what they refuse and where they say it is wrong, and that none takes long.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import { isDspexError } from "../../../../schemas/errors.ts";
import { templates as anyTemplate, templateValues } from "../../../../tests/kit/any-template.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import {
  compileTemplate,
  promptTemplate,
  renderTemplate,
  TEMPLATE_LIMITS,
  TEMPLATE_TARGETS,
  type TemplateOptions,
} from "./mod.ts";

type Values = Record<string, unknown>;

const rendered: [name: string, template: string, values: Values, text: string, options?: TemplateOptions][] =
  [
    ["a text", "Hi {{ name }}!", { name: "Ann" }, "Hi Ann!"],
    [
      "other values as JSON, null as nothing",
      "{{a}} {{b}} {{c}}{{d}}",
      { a: [1, "x"], b: { c: 0.5 }, c: null, d: true },
      '[1,"x"] {"c":0.5} true',
    ],
    [
      "a condition asks whether there is a value",
      "{% if x %}y{% else %}n{% endif %}{{ x | default: 'd' }}",
      {},
      "nd",
    ],
    [
      "a loop",
      "{% for x in l %}{{ forloop.index }}{{ x }}{% unless forloop.last %},{% endunless %}{% endfor %}",
      { l: ["a", "b"] },
      "1a,2b",
    ],
    ["an empty loop", "{% for x in l %}{% else %}none{% endfor %}", { l: [] }, "none"],
    ["a choice", "{% case x %}{% when 1, 2 %}a{% when 'b' %}b{% else %}c{% endcase %}", { x: "b" }, "b"],
    ["white space taken off", "a  {%- if true -%}  b  {%- endif %} c", {}, "ab c"],
    [
      "raw text and comments",
      "{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}{% # z %}",
      {},
      "{{ x }}",
    ],
    ["filters in a row", "{{ l | sort | reverse | join: '-' | upcase }}", { l: ["b", "a"] }, "B-A"],
    [
      "characters are code points",
      "{{ x.size }}{{ x | size }}{{ x | truncate: 2, '' }}{{ x | slice: -1 }}",
      { x: "😀a😀" },
      "33😀a😀",
    ],
    [
      "arithmetic",
      "{{ 7 | divided_by: 2 }} {{ 7.5 | divided_by: 2 }} {{ -7 | modulo: 3 }} {{ 2.5 | round }} {{ -2.5 | round }}",
      {},
      "3 3.75 2 3 -3",
    ],
    [
      "lists of objects",
      "{{ l | where: 'ok' | map: 'n' | sum }} {{ l | sum: 'n' }} {{ l | sort: 'n' | map: 'n' }}",
      { l: [{ n: 2, ok: true }, { n: 1 }] },
      "2 3 [1,2]",
    ],
    [
      "equal lists, empty ones",
      "{% if a == b %}=}{% endif %}{% if c == empty %}e{% endif %}{% if a contains 2 %}c{% endif %}",
      { a: [1, 2], b: [1, 2], c: [] },
      "=}ec",
    ],
    [
      "a partial",
      "{% render 'row', x: 1 %}{% render 'row', x: 2 %}",
      {},
      "<1><2>",
      { partials: { row: "<{{ x }}>" } },
    ],
    [
      "html",
      "<b>{{ x }}</b>",
      { x: `<i a="b">'&` },
      "<b>&lt;i a=&#34;b&#34;&gt;&#39;&amp;</b>",
      { target: "html" },
    ],
    ["html that is wanted", "{{ x | raw }}{{ x }}", { x: "<" }, "<&lt;", { target: "html" }],
    ["xml", "{{ x }}", { x: "a\u0000<" }, "a\ufffd&lt;", { target: "xml" }],
    [
      "json",
      '{"a": {{ a }}, "b": {{ b }}}',
      { a: 'x"</script>', b: [null] },
      '{"a": "x\\"\\u003c/script\\u003e", "b": [null]}',
      { target: "json" },
    ],
    [
      "markdown",
      "* {{ x }}",
      { x: "*a*\n\n# [b](c) <i>" },
      "* \\*a\\* \\# \\[b\\]\\(c\\) \\<i\\>",
      { target: "markdown" },
    ],
  ];

const refused: [
  name: string,
  template: string,
  values: Values,
  message: RegExp,
  options?: TemplateOptions,
][] = [
  [
    "a value that is missing, with its place",
    "a\n  {{ nam }}",
    { name: 1 },
    /^template: there is no value for "nam" at line 2, column 6$/,
  ],
  ["a member that is missing", "{{ a.b }}", { a: {} }, /no value for "a.b" at line 1/],
  ["a member of null", "{{ a.b }}", { a: null }, /no value for "a.b"/],
  ["a loop over nothing", "{% for x in l %}{% endfor %}", {}, /no value for "l" at line 1/],
  ["what objects inherit", "{{ a.constructor }}", { a: {} }, /no value for "a.constructor"/],
  ["the prototype", "{{ a.__proto__.x }}", { a: {} }, /no value for "a.__proto__"/],
  ["the environment", "{{ process }}", {}, /no value for "process"/],
  ["a filter that is not there", "x\n{{ a | date: '%Y' }}", { a: 1 }, /undefined filter: date at line 2/],
  ["a filter of code", "{{ a | where_exp: 'x', 'x' }}", { a: [] }, /undefined filter: where_exp/],
  ["a tag that reads files", "{% include 'a' %}", {}, /tag "include" not found/],
  ["a layout", "{% layout 'a' %}", {}, /tag "layout" not found/],
  [
    "a partial that is not given",
    "{% render '../../../etc/passwd' %}",
    {},
    /there is no partial "\.\.\/\.\.\/\.\.\/etc\/passwd"/,
  ],
  [
    "a partial within itself",
    "{% render 'a' %}",
    {},
    /partials nest more than 16 deep/,
    { partials: { a: "{% render 'a' %}" } },
  ],
  [
    "a value that is missing in a partial",
    "{% render 'a' %}",
    { x: 1 },
    /no value for "x" at line 1, column 4 of partial "a"/,
    { partials: { a: "{{ x }}" } },
  ],
  ["a block that is open", "{% if a %}", { a: 1 }, /not closed at line 1/],
  ["an output that is open", "a\n{{ b", {}, /not closed at line 2/],
  [
    "numbers and texts compared",
    "{% if a < 1 %}{% endif %}",
    { a: "0" },
    /< compares two numbers or two texts/,
  ],
  ["arithmetic with a text", "{{ a | plus: 1 }}", { a: "2" }, /plus takes numbers, got "2"/],
  ["division by zero", "{{ 1 | divided_by: 0 }}", {}, /division by zero/],
  ["a text as a list", "{{ a | join }}", { a: "b" }, /join takes a list, got "b"/],
];

describe("templates", () => {
  for (const [name, template, values, text, options] of rendered)
    it(`templates - ${name}`, () => assert.equal(renderTemplate(template, values, options), text));
  for (const [name, template, values, message, options] of refused)
    it(`templates - ${name}: refused`, () =>
      assert.throws(
        () => renderTemplate(template, values, options),
        (error) => isDspexError(error) && error.code === "invalid_inputs" && message.test(error.message),
      ));

  it("templates - an error tells the value and the place as data", () => {
    assert.throws(() => renderTemplate("\n{{ a.b }}", { a: {} }), {
      details: { line: 2, column: 4, variable: "a.b" },
    });
  });

  it("templates - never throw but what they are to, and render the same twice", () =>
    fc.assert(
      fc.property(
        fc.oneof(
          anyTemplate,
          fc.string({ unit: fc.constantFrom(..."{}%-| x.:'\"[]()=\n".split(""), "for", "if") }),
        ),
        templateValues,
        fc.constantFrom(...TEMPLATE_TARGETS),
        (template, values, target) => {
          const once = (): string => {
            try {
              return renderTemplate(template, values, { target });
            } catch (error) {
              assert.ok(isDspexError(error) && error.code === "invalid_inputs", String(error));
              return error.message;
            }
          };
          assert.equal(once(), once());
        },
      ),
      { numRuns: 2_000, seed: 9 },
    ));

  it("templates - of target json render JSON of the same values", () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (a, b) => {
        if (JSON.stringify(a).includes("__proto__")) return;
        const text = renderTemplate('{"a": {{ a }}, "b": [{{ b }}]}', { a, b }, { target: "json" });
        assert.deepEqual(parseJson(text), parseJson(JSON.stringify({ a, b: [b] })));
      }),
    ));

  it("templates - of target html let no value make a tag or end an attribute", () =>
    fc.assert(
      fc.property(fc.string(), (x) => {
        assert.doesNotMatch(renderTemplate("{{ x }}", { x }, { target: "html" }), /[<>"']/);
      }),
    ));
});

describe("templates that would take forever", () => {
  const long = "x".repeat(1_000);
  const cases: [string, string, Values, RegExp][] = [
    ["a long range", "{% for i in (1..999999999) %}{% endfor %}", {}, /make more than 4000000 characters/],
    [
      "loops in loops",
      "{% for i in (1..999) %}{% for j in (1..999) %}{% endfor %}{% endfor %}",
      {},
      /more than 100000 steps/,
    ],
    ["doubling", `{% assign x = "ab" %}${"{% assign x = x | append: x %}".repeat(40)}`, {}, /make more than/],
    [
      "replacing every letter by a text",
      "{{ x | replace: 'x', x | replace: 'x', x }}",
      { x: long.repeat(3) },
      /make more than/,
    ],
    [
      "much output",
      "{% for i in l %}{{ x }}{% endfor %}",
      { l: Array(2_000).fill(0), x: long },
      /output has more than 1000000/,
    ],
    ["a long template", "x".repeat(TEMPLATE_LIMITS.source + 1), {}, /longer than 65536/],
    ["deep blocks", "{% if true %}".repeat(4_000), {}, /nest too deep|not closed/],
    ["deep brackets", `{{ x${"[".repeat(30_000)} }}`, { x: 1 }, /nest too deep|invalid/],
    [
      "a large list looked through",
      "{% for i in l %}{% if l contains 1 %}{% endif %}{% endfor %}",
      { l: Array(20_000).fill(0) },
      /more than/,
    ],
  ];
  for (const [name, template, values, message] of cases)
    it(`templates - ${name}: stopped`, () => {
      const start = process.threadCpuUsage();
      assert.throws(() => renderTemplate(template, values), message);
      assert.ok(process.threadCpuUsage(start).user < 2_000_000);
    });

  it("templates - limits can be less", () => {
    const template = compileTemplate("{% for x in l %}{{ x }}{% endfor %}");
    const values = { l: [1, 2, 3, 4] };
    assert.equal(template.render(values), "1234");
    assert.throws(() => template.render(values, { steps: 5 }), /more than 5 steps/);
    assert.throws(() => template.render(values, { output: 3 }), /more than 3 characters/);
    assert.throws(() => template.render(values, { renderMs: -1 }), /more than -1 ms/);
  });

  it("templates - signs of all kinds are parsed in time in proportion", () => {
    const parts = [
      "{",
      "{{",
      "{%",
      "{{ a",
      "{% raw %}",
      "{% comment %}",
      '{{ "',
      "{%- ",
      "| upcase ",
      "[",
      "x.",
      "{{a}}",
      " ",
    ];
    for (const part of parts)
      for (const text of [
        part.repeat(60_000 / part.length),
        `{{ a ${part.repeat(60_000 / part.length)} }}`,
      ]) {
        const start = process.threadCpuUsage();
        try {
          renderTemplate(text, { a: 1 });
        } catch {}
        assert.ok(process.threadCpuUsage(start).user < 3_000_000, part);
      }
  });
});

describe("promptTemplate", () => {
  it("promptTemplate - asks for the signature's inputs, absent ones are nothing", () => {
    const prompt = promptTemplate(
      "question: str, hint: str | None, k: int = 3 -> answer: str",
      "{{ question }}{% if hint %} {{ hint }}{% endif %}{{ hint }}{{ k }}",
    );
    assert.equal(prompt({ question: "Why?" }), "Why?3");
    assert.equal(prompt({ question: "Why?", hint: "So.", k: 1n }), "Why? So.So.1");
  });

  it("promptTemplate - what is no input is told when it is made", () => {
    assert.throws(
      () => promptTemplate("question: str -> answer: str", "{% if a.b %}{{ question }}{% endif %}"),
      /"a" is no input of the signature, it has: question/,
    );
  });
});

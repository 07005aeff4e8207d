// Templates of the grammar that both languages render: texts, values, filters, conditions and loops, and values for them.

import fc from "fast-check";

const NAMES = ["a", "b", "list", "items", "none"] as const;
const text = fc.constantFrom(
  "x",
  " ",
  "\n",
  "Ünï 😀 ",
  "a<b & 'c' \"d\"",
  "1. *y*\n\n#z",
  "{ }",
  "",
  "abc def ghi",
);
const number = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.constantFrom(0.5, -2.25, 1e-7, 1e15, 2.675, 0.1),
);

export const templateValues = fc.record({
  a: fc.oneof(text, number, fc.boolean()),
  b: fc.oneof(text, number),
  list: fc.oneof(fc.array(text, { maxLength: 4 }), fc.array(number, { maxLength: 4 })),
  items: fc.array(fc.record({ n: number, name: text, ok: fc.boolean() }), { maxLength: 3 }),
  none: fc.constant(null),
});

const literal = fc.constantFrom("1", "2", "-3", "0.5", "'x'", '"ab"', "'a b'", "''", "true", "nil");
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<string>(...NAMES) },
  fc.constantFrom(
    "items[0].n",
    "items[0].name",
    "list[1]",
    "list.size",
    "list.first",
    "items.last.ok",
    "a.size",
    "missing",
    "a.b",
  ),
);
const value = fc.oneof({ weight: 3, arbitrary: path }, literal);
const filter = fc.oneof(
  fc.constantFrom(
    ..."upcase downcase capitalize strip lstrip rstrip strip_newlines size json first last reverse compact uniq abs ceil floor round sort sum join raw".split(
      " ",
    ),
  ),
  fc
    .tuple(
      fc.constantFrom(
        ..."append prepend replace replace_first remove remove_first split join plus minus times divided_by modulo at_least at_most round truncate truncatewords slice default concat".split(
          " ",
        ),
      ),
      value,
    )
    .map(([name, one]) => `${name}: ${one}`),
  fc
    .tuple(fc.constantFrom("replace", "replace_first", "truncate", "truncatewords", "slice"), value, value)
    .map(([name, one, two]) => `${name}: ${one}, ${two}`),
  fc.constantFrom(
    "map: 'n'",
    "map: 'name'",
    "where: 'ok'",
    "where: 'n', 1",
    "sum: 'n'",
    "sort: 'n'",
    "sort: 'name'",
  ),
);
const output = fc
  .tuple(value, fc.array(filter, { maxLength: 3 }))
  .map(([one, filters]) => `{{ ${[one, ...filters].join(" | ")} }}`);
const condition = fc.oneof(
  path,
  fc
    .tuple(path, fc.constantFrom("==", "!=", "contains"), literal)
    .map(([one, sign, other]) => `${one} ${sign} ${other}`),
  fc
    .tuple(
      fc.constantFrom("list.size", "2"),
      fc.constantFrom("<", ">=", "<=", ">"),
      fc.constantFrom("1", "2.5"),
    )
    .map(([one, sign, other]) => `${one} ${sign} ${other}`),
  fc.tuple(path, fc.constantFrom("and", "or"), path).map((parts) => parts.join(" ")),
  fc.constantFrom("list == empty", "none == nil", "items contains nil"),
);

/** Most of them render; some ask for what is missing, or compute with texts. */
export const templates = fc.letrec<{ block: string; blocks: string }>((tie) => ({
  blocks: fc.array(tie("block"), { maxLength: 4 }).map((parts) => parts.join("")),
  block: fc.oneof(
    { maxDepth: 3 },
    text,
    output,
    fc
      .tuple(condition, tie("blocks"), tie("blocks"))
      .map(([one, yes, no]) => `{% if ${one} %}${yes}{%- else -%}${no}{% endif %}`),
    fc.tuple(path, tie("blocks")).map(([one, inner]) => `{% unless ${one} %}${inner}{% endunless %}`),
    fc
      .tuple(
        fc.constantFrom(
          "list",
          "items",
          "list reversed",
          "items limit: 2",
          "list offset: 1",
          "(1..3)",
          "(1..list.size)",
        ),
        tie("blocks"),
      )
      .map(
        ([some, inner]) =>
          `{% for one in ${some} %}{{ one }}{{ forloop.index }}${inner}{% if forloop.last %}.{% endif %}{% endfor %}`,
      ),
    fc
      .tuple(path, tie("blocks"))
      .map(([one, inner]) => `{% case ${one} %}{% when 'x', 1 %}${inner}{% else %}other{% endcase %}`),
    fc.tuple(value, filter).map(([one, by]) => `{% assign c = ${one} | ${by} %}{{ c }}`),
    fc.constantFrom("{% comment %} c {% endcomment %}", "{% raw %}{{ a }}{% endraw %}", "{% # note %}"),
  ),
})).blocks;

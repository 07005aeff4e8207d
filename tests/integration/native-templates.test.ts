// The native program `render-template` renders what its twin in python-modules/native_templates renders, by python-liquid; and
// where one refuses a template or a value, so does the other.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { parseSignature, signatureFromAst } from "../../schemas/signature/mod.ts";
import { TEMPLATE_TARGETS } from "../../services/native/modules/templates/mod.ts";
import { renderTemplateProgram } from "../../services/native/programs/render-template.ts";
import { templates, templateValues } from "../kit/any-template.ts";
import { anyText } from "../kit/any-text.ts";
import { fc } from "../kit/fast-check.ts";
import { PythonReference } from "../kit/python-reference.ts";

const python = new PythonReference();
after(() => python[Symbol.asyncDispose]());

const { declaration, functions } = renderTemplateProgram;
const signature = signatureFromAst(parseSignature(String(declaration.signature)));

type Rendered = { text: string } | { refused: true; message: string };

async function rendered(text: Promise<unknown>): Promise<Rendered> {
  try {
    return (await text) as { text: string };
  } catch (error) {
    return { refused: true, message: (error as Error).message };
  }
}

async function both(
  template: string,
  values: object,
  target: string,
  partials = {},
): Promise<[Rendered, Rendered]> {
  const inputs = { template, values, target, partials } as Record<string, unknown>;
  const context = { signal: new AbortController().signal, variables: {} };
  const native = async () =>
    functions.get("render-template/native")?.(signature.inputs.decode(inputs), context);
  return Promise.all([
    rendered(native()),
    rendered(python.ask("twin", "native_templates", "render-template", inputs)),
  ]);
}

async function same(template: string, values: object, target: string, partials = {}): Promise<Rendered> {
  const [own, other] = await both(template, values, target, partials);
  const told = JSON.stringify({ template, values, target, own, other });
  if ("refused" in own || "refused" in other) assert.ok("refused" in own && "refused" in other, told);
  else assert.equal(own.text, other.text, told);
  return own;
}

describe("render-template and its twin", () => {
  it("render-template - the same text of any template", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(templates, templateValues, fc.constantFrom(...TEMPLATE_TARGETS), async (...given) => {
        if ("text" in (await same(...given))) count++;
      }),
      { numRuns: 1_000, seed: 21 },
    );
    assert.ok(count > 230, `${count} of 1,000 rendered`);
  });

  it("render-template - values of any kind, escaped alike", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.jsonValue(), anyText, fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.constantFrom(...TEMPLATE_TARGETS),
        async (x, target) => {
          // Integers beyond 2^53 are bigints here; the order of names that are numbers is lost here.
          const text = JSON.stringify(x);
          if (text.includes("__proto__") || /[0-9]{16}|"[0-9]+":/.test(text)) return;
          await same("{{ x }}|{{ x | json }}|{{ x | raw }}", { x }, target);
        },
      ),
      { numRuns: 500, seed: 3 },
    ));

  it("render-template - partials", async () => {
    const partials = {
      row: "<{{ n }}{% if x %}!{% endif %}>",
      all: "{% for n in l %}{% render 'row', n: n %}{% endfor %}",
    };
    assert.deepEqual(await same("{% render 'all', l: list %}", { list: [1, "<"], x: 1 }, "html", partials), {
      text: "<1><&lt;>",
    });
    assert.ok("refused" in (await same("{% render 'nope' %}", {}, "text", partials)));
    assert.ok("refused" in (await same("{% render 'row' %}", { n: 1 }, "text", partials)));
  });

  it("render-template - both name what is missing, and its line", async () => {
    for (const result of await both("a\n\n{{ name }}", {}, "text")) {
      assert.ok("refused" in result && result.message.includes("name"), JSON.stringify(result));
      assert.match(result.message, /line 3|3:3/);
    }
  });
});

describe("twins", () => {
  it("twins - are declared with the signatures of the native programs", async () => {
    for (const { declaration } of [renderTemplateProgram])
      assert.equal(
        await python.ask("twin_signature", "native_templates", declaration.name),
        declaration.signature,
      );
  });
});

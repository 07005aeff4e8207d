import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { onLines } from "./lines.ts";
import { readPipeLine } from "./pipe-line.ts";

async function linesOf(...pieces: (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  onLines(stream, (line) => lines.push(line));
  for (const piece of pieces) stream.write(piece);
  stream.end();
  await new Promise((resolve) => stream.once("close", resolve));
  return lines;
}

test("lines - whole, whatever pieces they come in, the last one without its end", async () => {
  const [first, second] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
  assert.deepEqual(await linesOf("a", "b\nc\r\n\n", first, second, "\nlast"), ["ab", "c", "", "é", "last"]);
});

test("a line that never ends - is cut, and what comes after it is read again", async () => {
  const lines = await linesOf(
    ..."x"
      .repeat(100)
      .split("")
      .map((one) => one.repeat(10_000)),
    "\nnext\n",
  );
  assert.deepEqual(
    lines.map((line) => line.length),
    [65_536, 4],
  );
});

test("a line of the pipe - is what a process may say, or nothing", () => {
  assert.deepEqual(readPipeLine('{"held":"$JS.ACK.x","sequence":7}'), { held: "$JS.ACK.x", sequence: 7 });
  for (const text of [
    "",
    "null",
    "7",
    '"held"',
    "[]",
    '{"held":5}',
    '{"held":"x","sequence":"y"}',
    '{"ready":1}',
    "{",
  ])
    assert.equal(readPipeLine(text)?.held, undefined, text);
  for (const text of ["null", "7", '{"held":5}', "{"]) assert.equal(readPipeLine(text), undefined, text);
});

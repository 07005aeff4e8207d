// What a person sees while the setup runs. On a terminal one line that moves; elsewhere a line when a step starts and
// one when it ends, so that a log reads well.
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const redrawEveryMs = 100;

export function createProgress(stream, env = process.env) {
  const moving = stream.isTTY === true && !env.CI && env.TERM !== "dumb";
  const colour = moving && !env.NO_COLOR;
  const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const startedAt = performance.now();
  const steps = new Map();
  let frame = 0;
  let timer;

  const since = (time) => `${((performance.now() - time) / 1000).toFixed(1)} s`;
  const clear = () => moving && stream.write("\r\x1b[2K");
  const print = (text) => {
    clear();
    stream.write(`${text}\n`);
  };

  function draw() {
    frame = (frame + 1) % frames.length;
    const texts = [...steps].map(([name, step]) =>
      `${name} ${since(step.startedAt)}  ${step.note}`.trimEnd(),
    );
    const width = (stream.columns || 80) - 3;
    const line = texts.join(" · ").slice(0, width);
    stream.write(`\r\x1b[2K${paint(36, frames[frame])} ${line}`);
  }

  function begin(name) {
    const step = { startedAt: performance.now(), note: "" };
    steps.set(name, step);
    if (moving) timer ??= setInterval(draw, redrawEveryMs);
    else print(`setup: ${name} …`);
    return step;
  }

  function end(name, mark) {
    const step = steps.get(name);
    steps.delete(name);
    if (steps.size === 0) timer = clearInterval(timer);
    print(
      moving
        ? `${mark} ${name}  ${since(step.startedAt)}`
        : `setup: ${name} ${mark} ${since(step.startedAt)}`,
    );
  }

  return {
    /** Shows `work` as running until it settles; `work` gets a function that says what it is at. */
    async step(name, work) {
      const step = begin(name);
      try {
        await work((note) => {
          step.note = note;
        });
        end(name, paint(32, "✓"));
      } catch (error) {
        end(name, paint(31, "✗"));
        throw error;
      }
    },
    say(text, { total = false } = {}) {
      print(`setup: ${text}${total ? ` after ${since(startedAt)}` : ""}`);
    },
  };
}

// The picture of one program's learning, as SVG by hand: who was chosen when, and what that was worth. Colours are those
// of Okabe and Ito, which colour-blind readers tell apart; labels stand at the lines, so that there is no legend. Pure.

export interface PictureData {
  title: string;
  subtitle: string;
  arms: readonly { name: string; note: string }[];
  /** Shares of the arms at evenly spaced points of the stream. */
  shares: readonly (readonly number[])[];
  /** Cumulative reward less that of the declared order, after each request. */
  gains: readonly { name: string; values: readonly number[] }[];
  /** The arm that comes first in declared order. */
  first: string;
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const WIDTH = 860;
const HEIGHT = 640;
const SHARES: Box = { left: 60, top: 92, width: 600, height: 220 };
const GAINS: Box = { left: 60, top: 376, width: 600, height: 210 };
const ARM_COLOURS = ["#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"];
const ROUTING_COLOUR = "#000000";
const OTHER_COLOUR = "#999999";
const LINE_HEIGHT = 15;
const MOST_TICKS = 5;

export function learningPicture(data: PictureData): string {
  const requests = data.gains[0]?.values.length ?? 0;
  const parts = [
    text(SHARES.left, 30, data.title, 'font-size="17" font-weight="600"'),
    text(SHARES.left, 52, data.subtitle, 'fill="#555"'),
    text(SHARES.left, SHARES.top - 12, "share of the requests", 'font-weight="600"'),
    ...sharesPanel(data),
    text(
      GAINS.left,
      GAINS.top - 12,
      `cumulative reward, less that of declared order (always ${data.first})`,
      'font-weight="600"',
    ),
    ...gainsPanel(data),
    ...xAxis(SHARES, requests, ""),
    ...xAxis(GAINS, requests, "requests"),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(data.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function* sharesPanel({ arms, shares }: PictureData): Generator<string> {
  const x = (point: number) => SHARES.left + (SHARES.width * point) / Math.max(1, shares.length - 1);
  const y = (share: number) => SHARES.top + SHARES.height * (1 - share);
  const below = shares.map(() => 0);
  const labels: Label[] = [];
  for (const [arm, { name, note }] of arms.entries()) {
    const colour = colourOf(arm);
    const bottom = shares.map((_, point) => `${fixed(x(point))},${fixed(y(below[point] as number))}`);
    const middle = (below.at(-1) ?? 0) + (shares.at(-1)?.[arm] ?? 0) / 2;
    for (const [point, each] of shares.entries())
      below[point] = (below[point] as number) + (each[arm] as number);
    const top = shares.map((_, point) => `${fixed(x(point))},${fixed(y(below[point] as number))}`);
    yield `<polygon fill="${colour}" fill-opacity="0.85" points="${[...bottom, ...top.reverse()].join(" ")}"/>`;
    labels.push({ y: y(middle), text: name, note, colour });
  }
  yield* sideLabels(labels, SHARES);
  for (const share of [0, 0.5, 1]) yield yTick(SHARES, y(share), `${share * 100} %`);
}

function* gainsPanel({ gains, arms }: PictureData): Generator<string> {
  const all = gains.flatMap(({ values }) => values);
  const ticks = ticksOf(Math.min(0, ...all), Math.max(0, ...all));
  const [low = 0] = ticks;
  const high = ticks.at(-1) ?? 1;
  const y = (value: number) => GAINS.top + (GAINS.height * (high - value)) / (high - low);
  for (const tick of ticks) {
    yield line(GAINS, y(tick), tick === 0 ? "#555" : "#ddd");
    yield yTick(GAINS, y(tick), String(tick).replace("-", "−"));
  }
  const labels: Label[] = [{ y: y(0), text: "declared order", note: "", colour: "#555" }];
  for (const { name, values } of gains) {
    const arm = arms.findIndex((one) => name === `always ${one.name}`);
    const colour = arm >= 0 ? colourOf(arm) : name === "routing" ? ROUTING_COLOUR : OTHER_COLOUR;
    const points = [0, ...values].map((value, n) => {
      const x = GAINS.left + (GAINS.width * n) / Math.max(1, values.length);
      return `${fixed(x)},${fixed(y(value))}`;
    });
    const weight = name === "routing" ? 2.5 : 1.5;
    yield `<polyline fill="none" stroke="${colour}" stroke-width="${weight}" stroke-linejoin="round" points="${points.join(" ")}"/>`;
    const end = values.at(-1) ?? 0;
    labels.push({
      y: y(end),
      text: name,
      note: `${end >= 0 ? "+" : "−"}${Math.abs(end).toFixed(1)}`,
      colour,
    });
  }
  yield* sideLabels(labels, GAINS);
}

function colourOf(arm: number): string {
  return ARM_COLOURS[arm % ARM_COLOURS.length] as string;
}

interface Label {
  y: number;
  text: string;
  note: string;
  colour: string;
}

/** At the right edge, each as near to its line as those above it allow. */
function* sideLabels(labels: readonly Label[], box: Box): Generator<string> {
  const x = box.left + box.width + 8;
  const placed = [...labels].sort((a, b) => a.y - b.y);
  let free = box.top;
  const heights = placed.map(({ y }) => {
    const at = Math.max(y, free);
    free = at + LINE_HEIGHT;
    return at;
  });
  const over = Math.max(0, free - LINE_HEIGHT - (box.top + box.height));
  for (const [at, { text: name, note, colour }] of placed.entries()) {
    const y = fixed((heights[at] as number) - over + 4);
    yield `<text x="${x}" y="${y}"><tspan fill="${colour}" font-weight="600">${escaped(name)}</tspan> <tspan fill="#555">${escaped(note)}</tspan></text>`;
  }
}

function* xAxis(box: Box, requests: number, label: string): Generator<string> {
  const bottom = box.top + box.height;
  for (const tick of ticksOf(0, requests)) {
    if (tick > requests) continue;
    const x = fixed(box.left + (box.width * tick) / requests);
    yield `<line x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 4}" stroke="#555"/>`;
    yield text(x, bottom + 18, String(tick), 'text-anchor="middle" fill="#555"');
  }
  yield text(box.left + box.width / 2, bottom + 36, label, 'text-anchor="middle" fill="#555"');
}

/** Round numbers from at most `low` to at least `high`. */
function ticksOf(low: number, high: number): number[] {
  const span = Math.max(high - low, 1);
  const power = 10 ** Math.floor(Math.log10(span / MOST_TICKS));
  const step = [1, 2, 5, 10].map((by) => by * power).find((one) => span / one <= MOST_TICKS) ?? span;
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step) - first);
  return Array.from({ length: count + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

function line({ left, width }: Box, y: number, colour: string): string {
  return `<line x1="${left}" x2="${left + width}" y1="${fixed(y)}" y2="${fixed(y)}" stroke="${colour}"/>`;
}

function yTick({ left }: Box, y: number, label: string): string {
  return text(left - 8, fixed(y + 4), label, 'text-anchor="end" fill="#555"');
}

function text(x: number | string, y: number | string, content: string, attributes = ""): string {
  return content === "" ? "" : `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
}

const fixed = (value: number): string => value.toFixed(1);

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// One JSON log line as a person reads it: `12:03:44 warn  supervisor  worker lost  pool=general worker=0`.

const COLOUR: Record<string, string> = {
  trace: "90",
  debug: "90",
  info: "36",
  warn: "33",
  error: "31",
  fatal: "41",
};
/** Members that the line shows elsewhere, or that only machines need. */
const LEAD = new Set(["level", "time", "msg", "part", "traceId", "spanId", "err"]);

/** Returns the line (with its newline) for a terminal; anything that is no JSON object comes back as it was. */
export function prettyLine(json: string, coloured: boolean): string {
  let line: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== "object" || parsed === null) return json;
    line = parsed as Record<string, unknown>;
  } catch {
    return json;
  }
  const paint = (code: string, text: string): string =>
    coloured && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const level = String(line.level ?? "info");
  const rest = Object.entries(line)
    .filter(([key]) => !LEAD.has(key))
    .map(([key, value]) => `${key}=${shown(value)}`);
  const error = errorText(line.err);
  const parts = [
    paint("90", clock(line.time)),
    paint(COLOUR[level] ?? "0", level.padEnd(5)),
    ...(line.part === undefined ? [] : [String(line.part)]),
    String(line.msg ?? ""),
    ...(rest.length === 0 ? [] : [paint("90", rest.join(" "))]),
    ...(error === undefined ? [] : [paint("31", error)]),
  ];
  return `${parts.filter((part) => part !== "").join("  ")}\n`;
}

/** Local wall-clock time of day. */
function clock(time: unknown): string {
  const date = new Date(String(time));
  return Number.isNaN(date.getTime()) ? "" : date.toTimeString().slice(0, 8);
}

function shown(value: unknown): string {
  if (typeof value === "string") return /[\s"=]/.test(value) || value === "" ? JSON.stringify(value) : value;
  return JSON.stringify(value) ?? "";
}

function errorText(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { message, code, stack } = error as { message?: string; code?: string; stack?: string };
  const head = code === undefined ? (message ?? "") : `${code}: ${message ?? ""}`;
  return stack === undefined ? head : `${head}\n${stack.split("\n").slice(1).join("\n")}`;
}

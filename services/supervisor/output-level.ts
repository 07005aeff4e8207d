// Pure: which lines of a pool process a person should see, besides the file that has them all.

export interface LoudLine {
  level: "warn" | "error";
  message: string;
}

const LEVELS: Readonly<Record<string, LoudLine["level"]>> = {
  warn: "warn",
  warning: "warn",
  error: "error",
  critical: "error",
  fatal: "error",
};

/** Undefined for what only the file needs: lines below a warning, and text that is no JSON line. */
export function outputLevel(line: string): LoudLine | undefined {
  if (!line.startsWith("{")) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const level = LEVELS[String(parsed.level).toLowerCase()];
  if (level === undefined) return undefined;
  return { level, message: String(parsed.msg ?? parsed.message ?? parsed.event ?? line) };
}

// Pure: figures as a person reads them: shares, times, bars.

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const BAR_WIDTH = 16;

/** A share of 1 as blocks, to an eighth of one; as wide whatever it is. */
export function bar(share: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH * 8);
  return `${"█".repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8] ?? ""}`.padEnd(BAR_WIDTH);
}

/** `7 %`; what is smaller than one has a digit of its own: `0.4 %`. */
export function percent(share: number): string {
  const hundredths = share * 100;
  const isSmall = hundredths > 0 && hundredths < 0.95;
  return `${isSmall ? hundredths.toPrecision(1) : Math.round(hundredths)} %`;
}

/** `0.02 ms`, `3.1 ms`, `840 ms`, `1.2 s`; `–` where there is none. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 9.95 ? Number(ms.toPrecision(ms < 0.995 ? 1 : 2)) : Math.round(ms)} ms`;
}

/** `1,204`, and one place where there are few. */
export function amount(value: number): string {
  return value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

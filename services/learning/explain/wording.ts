// Numbers as sentences have them. Pure.

/** `0.83` */
export function decimal(value: number): string {
  return value.toFixed(2);
}

/** `7 %`, and what is small as it is: `0.4 %`. */
export function percent(share: number): string {
  const hundredths = share * 100;
  const isSmall = hundredths > 0 && hundredths < 0.95;
  return `${isSmall ? hundredths.toPrecision(1) : Math.round(hundredths)} %`;
}

/** `12 ms`, `1.24 s` */
export function span(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

export function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

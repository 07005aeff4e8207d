// How much one template may take, so that none can hold or fill the process, whoever wrote it.

export const TEMPLATE_LIMITS = {
  /** UTF-16 units of a template with its partials. */
  source: 65_536,
  /** Values and blocks rendered; each turn of a loop is one. The same template stops at the same place everywhere. */
  steps: 100_000,
  /** Characters and items that filters and loops make and read. */
  work: 4_000_000,
  /** UTF-16 units of what comes out. */
  output: 1_000_000,
  /** The last resort: what steps and work let through on a slow machine. */
  renderMs: 1_000,
  /** Partials within one another. */
  depth: 16,
  /** Compiled templates that are kept, and the longest one kept. */
  cached: 256,
  cachedSource: 16_384,
} as const;

export interface TemplateLimits {
  readonly steps: number;
  readonly work: number;
  readonly output: number;
  readonly renderMs: number;
}

// How much of a run is kept in memory and in its events.

export const RUN_BOUNDS = {
  /** Outputs of one stage that live in its event; larger ones stay in the result. */
  inlineBytes: 16_384,
  /** Outputs of one run that live in memory; what comes later is read from the log when a stage needs it. */
  runInlineBytes: 1_048_576,
  /** Steps and bytes of outputs of one event: what else can go on follows in the next. */
  stepsAnEvent: 256,
  bytesAnEvent: 262_144,
  /** Signals that came before they were awaited. */
  keptSignals: 256,
  signalBytes: 16_384,
  signalKeys: 1_000,
  pathTaken: 256,
  compensated: 256,
  /** Stages that a result tells of. */
  reported: 256,
} as const;

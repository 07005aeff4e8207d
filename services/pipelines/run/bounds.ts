// How much of a run is kept in memory and in its events.

export const RUN_BOUNDS = {
  /** Outputs of one stage that live in its event; larger ones stay in the result. */
  inlineBytes: 16_384,
  /** Outputs of one run that live in memory; what comes later is read from the log when a stage needs it. */
  runInlineBytes: 1_048_576,
  /** Steps and bytes of outputs of one event: what else can go on follows in the next. */
  stepsAnEvent: 256,
  bytesAnEvent: 262_144,
  /** The same of the event that begins a run, which has its inputs besides. */
  bytesAtStart: 65_536,
  /** One value that a stage is given, or gives, and all that is read for one decision. */
  valueBytes: 67_108_864,
  /** Stages and bodies that are known of, whatever became of them: beyond it nothing more begins. */
  places: 200_000,
  /** Signals that came before they were awaited. */
  keptSignals: 256,
  signalBytes: 16_384,
  signalKeys: 1_000,
  pathTaken: 256,
  compensated: 256,
  /** Stages that a result tells of, bytes of what it tells of them (errors above all), and of anything else. */
  reported: 256,
  reportedBytes: 131_072,
  toldBytes: 65_536,
} as const;

// Why the keeper does not start.
//
//   Error
//   └── ConfigurationDiffers   a live stream or consumer is not what the code relies on; each field is listed

import type { Difference } from "./differences.ts";

export class ConfigurationDiffers extends Error {
  override readonly name = "ConfigurationDiffers";
  readonly differences: readonly Difference[];

  constructor(differences: readonly Difference[]) {
    const lines = differences.map(
      ({ of, field, expected, actual }) =>
        `  ${of}: ${field} is ${JSON.stringify(actual) ?? "absent"}, relied on is ${JSON.stringify(expected)}`,
    );
    super(`the server's configuration differs from what the code relies on:\n${lines.join("\n")}`);
    this.differences = differences;
  }
}

// Pure: the share of the requests that a version gets that is tried, as it is given on the command line.

import { InvalidArgumentError } from "commander";

const MOST = 0.5;

export function canaryShare(value: string): number {
  const share = Number(value);
  if (value.trim() === "" || !(share > 0 && share <= MOST))
    throw new InvalidArgumentError(`${JSON.stringify(value)} is not above 0 and at most ${MOST}.`);
  return share;
}

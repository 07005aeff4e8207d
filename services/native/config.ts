// What the native worker takes from its environment: the variables that hold the providers' keys, read on first use.

export function keyVariables(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

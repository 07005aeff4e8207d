// Whether every subject that one NATS pattern matches is also matched by another: pure.

/** `*` is one token, `>` the rest (at least one). */
export function isWithin(pattern: string, wider: string): boolean {
  const inner = pattern.split(".");
  const outer = wider.split(".");
  for (const [n, token] of outer.entries()) {
    const own = inner[n];
    if (own === undefined) return false;
    if (token === ">") return true;
    if (own === ">") return false;
    if (token !== "*" && token !== own) return false;
  }
  return inner.length === outer.length;
}

/** Non-empty tokens, `>` only at the end, wildcards only as whole tokens. */
export function isPattern(value: string): boolean {
  const tokens = value.split(".");
  return tokens.every((token, n) =>
    token === ">" ? n === tokens.length - 1 : token === "*" || /^[A-Za-z0-9_-]+$/.test(token),
  );
}

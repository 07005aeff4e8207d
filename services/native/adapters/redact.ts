// Takes keys out of texts that leave the process: servers like to quote the key that they refuse.

const MARK = "[redacted]";
/** Shorter ones are placeholders such as "none", which would blacken ordinary words. */
const MIN_SECRET_LENGTH = 6;

const PATTERNS: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MARK}`],
  [/\b(sk|pk|rk|key|gsk|xai|AIza|hf)[-_][\w*.-]{6,}/g, MARK],
  [/\bAIza[\w-]{20,}/g, MARK],
  [/([?&](?:api[-_]?key|key|token|access_token)=)[^&\s"']+/gi, `$1${MARK}`],
  [/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, `$1${MARK}@`],
];

export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= MIN_SECRET_LENGTH) clean = clean.replaceAll(secret, MARK);
  }
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

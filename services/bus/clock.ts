// The time for envelopes. Making the text of a time costs as much as hashing a request; at thousands of messages a
// second most fall into the same millisecond.

let atMs = 0;
let text = "";

/** Now, RFC 3339 with milliseconds. */
export function nowText(): string {
  const now = Date.now();
  if (now !== atMs) {
    atMs = now;
    text = new Date(now).toISOString();
  }
  return text;
}

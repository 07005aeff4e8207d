// Addresses of the Internet protocol in their usual spelling.

const BYTE = /^(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$/;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const MAX_LENGTH = 45;

export function isIpv4(text: string): boolean {
  const bytes = text.length > MAX_LENGTH ? [] : text.split(".");
  return bytes.length === 4 && bytes.every((byte) => BYTE.test(byte));
}

/** Eight groups, `::` once for as many zeros as are missing, an IPv4 address for the last two. */
export function isIpv6(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const all = groups.flat();
  const last = groups.at(-1)?.at(-1);
  const isMapped = last?.includes(".") === true;
  if (isMapped && !isIpv4(last)) return false;
  const plain = isMapped ? all.slice(0, -1) : all;
  const count = plain.length + (isMapped ? 2 : 0);
  return plain.every((group) => GROUP.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}

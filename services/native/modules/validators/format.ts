// Texts of a kind: addresses, dates and the like, each with a grammar of its own that is stated here, not guessed.
//
//   email     local@domain: letters, digits and .!#$%&'*+/=?^_`{|}~- (1 to 64, no dot at an end or twice), then a host name
//             with a top-level domain; ASCII, 254 characters at most
//   url       http or https, a host name, IPv4 or [IPv6] address, a port, then visible ASCII; 2,048 characters at most
//   hostname  labels of letters, digits and inner hyphens, 63 each, 253 in all
//   date      2026-11-24, a real day          time      10:30:00, or with up to six decimals
//   datetime  2026-11-24T10:30:00Z, or with an offset
//   ipv4, ipv6, uuid   in their usual spelling

import { isDateText, isDatetimeText, isTimeText } from "../../../../schemas/signature/temporal.ts";
import { isIpv4, isIpv6 } from "./ip-address.ts";
import { invalid, kindOf, quoted, VALID, type Verdict } from "./verdict.ts";

export const FORMATS = [
  "email",
  "url",
  "hostname",
  "date",
  "time",
  "datetime",
  "ipv4",
  "ipv6",
  "uuid",
] as const;
export type Format = (typeof FORMATS)[number];

export interface FormatOptions {
  readonly format: Format;
}

const MAX_EMAIL = 254;
const MAX_HOSTNAME = 253;
const MAX_URL = 2_048;

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,31}$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const TOP_LEVEL = /^(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59})$/;
const UUID = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/;
const URL_PARTS =
  /^https?:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([0-9]{1,5}))?(?:[/?#][!#-;=?-[\]_a-z~%]*)?$/;

export function checkFormat(value: unknown, { format }: FormatOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  return hasFormat(format, value) ? VALID : invalid("$", `expected ${NAMES[format]}, got ${quoted(value)}`);
}

const NAMES: Record<Format, string> = {
  email: "an e-mail address",
  url: "a URL",
  hostname: "a host name",
  date: "a date",
  time: "a time",
  datetime: "a date with time and offset",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  uuid: "a UUID",
};

export function hasFormat(format: Format, text: string): boolean {
  switch (format) {
    case "email":
      return isEmail(text);
    case "url":
      return isUrl(text);
    case "hostname":
      return isHostname(text);
    case "date":
      return isDateText(text);
    case "time":
      return isTimeText(text);
    case "datetime":
      return isDatetimeText(text);
    case "ipv4":
      return isIpv4(text);
    case "ipv6":
      return isIpv6(text);
    case "uuid":
      return UUID.test(text);
    default:
      return format satisfies never;
  }
}

function isEmail(text: string): boolean {
  if (text.length > MAX_EMAIL) return false;
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (at < 1 || local.length > 64 || !LOCAL.test(local) || !isHostname(domain)) return false;
  const labels = domain.split(".");
  return labels.length > 1 && TOP_LEVEL.test(labels.at(-1) ?? "");
}

function isHostname(text: string): boolean {
  return text.length <= MAX_HOSTNAME && text.split(".").every((label) => LABEL.test(label));
}

function isUrl(text: string): boolean {
  if (text.length > MAX_URL) return false;
  const [whole, ipv6, host, port] = URL_PARTS.exec(text) ?? [];
  if (whole === undefined || Number(port ?? 0) > 65_535) return false;
  if (ipv6 !== undefined) return isIpv6(ipv6);
  return host !== undefined && (isIpv4(host) || (isHostname(host) && !/^[0-9.]+$/.test(host)));
}

// RFC 3339 texts, as strict as both languages can hold: real days of the years 1 to 9999, at most microseconds.

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/;
const OFFSET = /(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `2026-11-24` */
export function isDateText(text: string): boolean {
  const parts = DATE.exec(text);
  if (parts === null) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return year >= 1 && day >= 1 && day <= days;
}

/** `10:30:00` or `10:30:00.25`, without an offset. */
export function isTimeText(text: string): boolean {
  return TIME.test(text);
}

/** `2026-11-24T10:30:00Z` or with an offset such as `+01:00`. */
export function isDatetimeText(text: string): boolean {
  if (text[10] !== "T" || text.length > 32) return false;
  const offset = OFFSET.exec(text);
  return offset !== null && isDateText(text.slice(0, 10)) && isTimeText(text.slice(11, offset.index));
}

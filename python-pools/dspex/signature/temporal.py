"""RFC 3339 texts to dates and times and back: real days of the years 1 to 9999, at most microseconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
_OFFSET: Final = re.compile(r"Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9])")


def date_from_text(text: str) -> date | None:
    """`2026-11-24`"""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def time_from_text(text: str) -> time | None:
    """`10:30:00` or `10:30:00.25`, without an offset."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3]), int((found[4] or "").ljust(6, "0")))
    except ValueError:
        return None


def datetime_from_text(text: str) -> datetime | None:
    """`2026-11-24T10:30:00Z` or with an offset such as `+01:00`; always aware."""
    if len(text) > 32 or text[10:11] != "T":
        return None
    offset_at = -1 if text.endswith("Z") else -6
    offset = _OFFSET.fullmatch(text[offset_at:])
    day, clock = date_from_text(text[:10]), time_from_text(text[11:offset_at])
    if offset is None or day is None or clock is None:
        return None
    zone = UTC
    if offset[1] is not None:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        zone = timezone(-shift if offset[1] == "-" else shift)
    return datetime.combine(day, clock, zone)


def time_to_text(value: time | datetime) -> str:
    """The clock alone, its fraction only where there is one."""
    text = f"{value.hour:02}:{value.minute:02}:{value.second:02}"
    return f"{text}.{value.microsecond:06}".rstrip("0") if value.microsecond else text


def datetime_to_text(value: datetime) -> str | None:
    """None for a naive one, which names no moment, and for an offset with seconds, which has no text."""
    offset = value.utcoffset()
    if offset is None:
        return None
    minutes, rest = divmod(offset, timedelta(minutes=1))
    if rest:
        return None
    hours, minutes_left = divmod(abs(minutes), 60)
    zone = f"{'-' if minutes < 0 else '+'}{hours:02}:{minutes_left:02}" if minutes else "Z"
    return f"{value.year:04}-{value.month:02}-{value.day:02}T{time_to_text(value)}{zone}"

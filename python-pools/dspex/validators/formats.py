"""Texts of a kind, each with its own grammar: the same as in TypeScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from dspex.signature.temporal import date_from_text, datetime_from_text, time_from_text

from .verdict import Verdict, invalid, no_text, quoted, verdict

_LOCAL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,31}"
)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOP_LEVEL: Final = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59}")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_URL: Final = re.compile(
    r"https?://(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([0-9]{1,5}))?(?:[/?#][!#-;=?-\[\]_a-z~%]*)?"
)
_BYTE: Final = re.compile(r"25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]")
_GROUP: Final = re.compile(r"[0-9A-Fa-f]{1,4}")


def is_ipv4(text: str) -> bool:
    parts = text.split(".") if len(text) <= 45 else []
    return len(parts) == 4 and all(_BYTE.fullmatch(part) for part in parts)


def is_ipv6(text: str) -> bool:
    halves = text.split("::")
    if len(text) > 45 or len(halves) > 2:
        return False
    groups = [half.split(":") if half else [] for half in halves]
    flat = [group for half in groups for group in half]
    last = groups[-1][-1] if groups[-1] else None
    mapped = last is not None and "." in last
    if mapped and not is_ipv4(last or ""):
        return False
    plain = flat[:-1] if mapped else flat
    count = len(plain) + (2 if mapped else 0)
    fits = count <= 7 if len(halves) == 2 else count == 8
    return fits and all(_GROUP.fullmatch(group) for group in plain)


def is_hostname(text: str) -> bool:
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


def is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    if len(text) > 254 or not at or not 1 <= len(local) <= 64:
        return False
    if not _LOCAL.fullmatch(local) or not is_hostname(domain):
        return False
    labels = domain.split(".")
    return len(labels) > 1 and _TOP_LEVEL.fullmatch(labels[-1]) is not None


def is_url(text: str) -> bool:
    found = _URL.fullmatch(text) if len(text) <= 2_048 else None
    if found is None or int(found[3] or 0) > 65_535:
        return False
    if found[1] is not None:
        return is_ipv6(found[1])
    host = found[2]
    return is_ipv4(host) or (is_hostname(host) and not re.fullmatch(r"[0-9.]+", host))


FORMATS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "email": ("an e-mail address", is_email),
    "url": ("a URL", is_url),
    "hostname": ("a host name", is_hostname),
    "date": ("a date", date_from_text),
    "time": ("a time", time_from_text),
    "datetime": ("a date with time and offset", datetime_from_text),
    "ipv4": ("an IPv4 address", is_ipv4),
    "ipv6": ("an IPv6 address", is_ipv6),
    "uuid": ("a UUID", _UUID.fullmatch),
}


def check_format(value: Any, format: str) -> Verdict:  # noqa: A002 # as in the check's data
    if not isinstance(value, str):
        return no_text(value)
    name, fits = FORMATS[format]
    return invalid(f"expected {name}, got {quoted(value)}") if fits(value) in (None, False) else verdict([])

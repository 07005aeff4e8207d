"""Personal data in texts, by form: the same patterns and checks as in TypeScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from .formats import is_ipv4, is_ipv6
from .verdict import MAX_PROBLEMS, Verdict, problem, texts_in, verdict

Place = tuple[int, int, str]
"""Start, end, kind."""

_LENGTHS: Final = """AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18
DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29
PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"""
IBAN_LENGTHS: Final = {one[:2]: int(one[2:]) for one in _LENGTHS.split()}

_PATTERNS: Final = {
    "email": r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}"
    r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])",
    "iban": r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}",
    "card": r"(?<![0-9])(?<![0-9][ .-])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])",
    "ssn": r"(?<![0-9])(?<![0-9]-)[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9]|-[0-9])",
    "ip": r"(?<![A-Za-z0-9_:.])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])"
    r"|[0-9A-Fa-f:]{2,39}(?![A-Za-z0-9_:]))",
    "phone": r"(?<![A-Za-z0-9+])(?:\+[1-9][0-9]{0,2} ?(?:\([0-9]{1,5}\))?(?:[ ./-]?[0-9]{1,5}){2,7}"
    r"|\([0-9]{3}\) ?[0-9]{3}[ .-][0-9]{4}"
    r"|(?<![0-9][ .-])(?:[2-9][0-9]{2}[.-][0-9]{3}[.-][0-9]{4}"
    r"|0[1-9][0-9]{1,3}[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,5}){0,2}|0[1-9](?: [0-9]{2}){4}"
    r"|0[1-9][0-9]?[ /-][0-9]{4}[ -][0-9]{4}))(?![0-9])",
}
_NAMES: Final = {
    "email": "an e-mail address",
    "iban": "an account number (IBAN)",
    "card": "a card number",
    "ssn": "a social security number",
    "ip": "an IP address",
    "phone": "a phone number",
}


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def passes_luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + at % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _iban(text: str) -> int:
    length = IBAN_LENGTHS.get(text[:2])
    if length is None:
        return 0
    signs, at = "", 0
    while at < len(text) and len(signs) < length:
        signs += text[at].strip()
        at += 1
    if len(signs) < length or text[at : at + 1] not in ("", " "):
        return 0
    return at if int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1 else 0


def _card(text: str) -> int:
    digits = _digits(text)
    return len(text) if 13 <= len(digits) <= 19 and passes_luhn(digits) else 0


def _ip(text: str) -> int:
    fits = is_ipv4(text) or (is_ipv6(text) and re.search(r"[0-9]", text) is not None)
    return len(text) if fits else 0


_DETECTORS: Final[dict[str, tuple[re.Pattern[str], Callable[[str], int]]]] = {
    "email": (re.compile(_PATTERNS["email"]), len),
    "iban": (re.compile(_PATTERNS["iban"]), _iban),
    "card": (re.compile(_PATTERNS["card"]), _card),
    "ssn": (
        re.compile(_PATTERNS["ssn"]),
        lambda text: 0 if re.search(r"^(?:000|666)|-00-|-0000$", text) else len(text),
    ),
    "ip": (re.compile(_PATTERNS["ip"]), _ip),
    "phone": (
        re.compile(_PATTERNS["phone"]),
        lambda text: len(text) if 7 <= len(_digits(text)) <= 15 else 0,
    ),
}
PII_KINDS: Final = tuple(_DETECTORS)


def places_in(text: str, kinds: Sequence[str] = PII_KINDS, allow: Sequence[str] = ()) -> list[Place]:
    taken: list[Place] = []
    for kind, (pattern, length) in _DETECTORS.items():
        if kind not in kinds:
            continue
        free: list[Place] = []
        at = 0
        for found in pattern.finditer(text):
            start, end = found.start(), found.start() + length(found[0])
            if end <= start or text[start:end] in allow:
                continue
            while at < len(taken) and taken[at][1] <= start:
                at += 1
            if at == len(taken) or taken[at][0] >= end:
                free.append((start, end, kind))
        taken = sorted(taken + free)
    return taken


def check_pii(value: Any, kinds: Sequence[str] = PII_KINDS, allow: Sequence[str] = ()) -> Verdict:
    return verdict(
        [
            problem(f"contains {_NAMES[kind]}", start, end, path)
            for path, text in texts_in(value)
            for start, end, kind in places_in(text, kinds, allow)
        ]
    )


def locate_pii(value: Any, kinds: Sequence[str], allow: Sequence[str]) -> list[dict[str, Any]]:
    found = [
        {"path": path, "kind": kind, "start": start, "end": end}
        for path, text in texts_in(value)
        for start, end, kind in places_in(text, kinds, allow)
    ]
    return found[:MAX_PROBLEMS]


def redact_pii(value: Any, kinds: Sequence[str], allow: Sequence[str]) -> Any:
    if isinstance(value, str):
        at, clean = 0, ""
        for start, end, kind in places_in(value, kinds, allow):
            clean += f"{value[at:start]}[{kind.upper()}]"
            at = end
        return clean + value[at:]
    if isinstance(value, list):
        return [redact_pii(item, kinds, allow) for item in value]
    if isinstance(value, dict):
        return {key: redact_pii(member, kinds, allow) for key, member in value.items()}
    return value

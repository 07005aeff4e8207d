"""Computations, totals and values of a table in texts: the same as in TypeScript."""

# ruff: noqa: RUF001 # signs of arithmetic look like one another

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import regex  # type: ignore[import-untyped]

from .numbers import DIGITS, SCALE_WORDS, NotComputedError, Stated, compute, read_stated, shown
from .verdict import SPACE, SPACES, Problem, Verdict, no_text, problem, share, verdict

MAX_LEFT: Final = 200
_EQUALS: Final = regex.compile(r"(?<![<>!=:~])[=≈](?![=>~])")
_TOKEN: Final = regex.compile(
    rf"(?<number>{DIGITS})(?<percent> ?%)?"
    rf"|(?<operator>\*\*|[-+*/^×·⋅÷−–]|(?<=[{SPACE}0-9)])x(?=[{SPACE}0-9(]))"
    rf"|(?<of>of(?= ))|(?<open>\()|(?<close>\))|(?<money>[$€£¥])|(?<space>[{SPACE}]+)"
    r"|(?<other>\p{L}[\p{L}\p{N}_]*|(?s:.))"
)
_RIGHT: Final = regex.compile(
    rf"[{SPACE}]{{0,3}}(?:about |approximately )?(?<sign>[-−]?)[$€£¥]?(?<number>{DIGITS})(?<percent> ?%)?"
    rf"(?: (?<scale>{SCALE_WORDS})(?![A-Za-z0-9_]))?"
    rf"(?![0-9.,]?[0-9]|[{SPACE}]{{0,2}}[*+/^×·⋅÷−–-][{SPACE}]{{0,2}}[0-9(])",
    regex.IGNORECASE,
)
_SPELLINGS: Final = {"×": "*", "·": "*", "⋅": "*", "x": "*", "÷": "/", "−": "-", "–": "-"}
_SUMS: Final = frozenset("-+−–")
_SIGNS: Final = frozenset("-−")
_BULLETS: Final = frozenset("-−–*+")
_KINDS: Final = ("number", "operator", "of", "open", "close", "money", "other")
_NUMBER: Final = (
    r"(?<![\p{L}0-9.,])(?<sign>(?<![\p{L}0-9])(?<![\p{L}0-9] )[-−])?[$€£¥]?"
    rf"(?<number>{DIGITS})(?<percent> ?%)?"
)
_LAST_NUMBER: Final = regex.compile(_NUMBER)
_SCALED_NUMBER: Final = regex.compile(rf"{_NUMBER}(?: (?<scale>{SCALE_WORDS})(?!\p{{L}}))?", regex.IGNORECASE)
_TOTAL: Final = regex.compile(
    r"[^\p{L}\n]{0,20}(?:(?:grand|sub)[ -]?)?(?:total|sum|summe|gesamt|insgesamt)(?![\p{L}\p{N}])",
    regex.IGNORECASE,
)
_RULE: Final = regex.compile(rf"[{SPACE}|:+=_-]{{3,}}")
_SENTENCE_END: Final = regex.compile(rf"[.!?](?=[{SPACE}])|[;\n]")
_WORD_SIGN: Final = regex.compile(r"[\p{L}\p{N}_]")


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    percent: bool
    start: int
    end: int

    def spelled(self) -> list[str]:
        if self.kind == "money":
            return []
        if self.kind == "of":
            return ["*"]
        if self.kind == "number":
            plain = self.text.replace(",", "")
            return ["(", plain, "/", "100", ")"] if self.percent else [plain]
        return [_SPELLINGS.get(self.text, self.text)]


def check_arithmetic(value: Any) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    problems: list[Problem] = []
    judged = 0
    for tokens, end, stated, stated_text, may_round in _statements(value):
        left = value[tokens[0].start : tokens[-1].end]
        try:
            exact = compute([word for token in tokens for word in token.spelled()])
        except NotComputedError:
            continue
        except ZeroDivisionError:
            judged += 1
            problems.append(problem(f"{left} divides by zero", tokens[0].start, end))
            continue
        judged += 1
        if not stated.agrees(exact, may_round):
            message = f"{left} is {shown(exact)}, not {stated_text}"
            problems.append(problem(message, tokens[0].start, end))
    return verdict(problems, share(judged - len(problems), judged))


def _statements(text: str) -> Iterator[tuple[list[_Token], int, Stated, str, bool]]:
    previous = 0
    for sign in _EQUALS.finditer(text):
        at = sign.start()
        earliest = max(previous, at - MAX_LEFT)
        start = earliest + text[earliest:at].rfind("\n") + 1
        previous = at + 1
        right = _RIGHT.match(text, at + 1)
        if right is None:
            continue
        tokens = _expression_before(text, start, at)
        if not tokens:
            continue
        stated = read_stated(
            right["number"],
            negative=right["sign"] != "",
            percent=right["percent"] is not None,
            scale=right["scale"],
        )
        is_sum = all(
            token.kind != "of" and (token.kind != "operator" or token.text in _SUMS) for token in tokens
        )
        stated_text = text[at + 1 : right.end()].strip(SPACES)
        yield tokens, right.end(), stated, stated_text, sign[0] == "≈" or (not is_sum and stated.decimals > 0)


def _expression_before(text: str, start: int, end: int) -> list[_Token]:
    tokens = _tokens(text, start, end)
    depth, operand_next, first = 0, True, len(tokens)
    for at in range(len(tokens) - 1, -1, -1):
        kind = tokens[at].kind
        if kind == "money" and not operand_next:
            continue
        if operand_next:
            if kind == "close":
                depth += 1
            elif kind == "number":
                operand_next = False
            else:
                break
        elif kind == "operator" or (kind == "of" and at > 0 and tokens[at - 1].percent):
            operand_next = True
        elif kind == "open" and depth > 0:
            depth -= 1
        else:
            break
        if not operand_next and depth == 0:
            first = at
    expression = tokens[first:]
    if operand_next and not _is_sign_or_bullet(tokens, first, start, text):
        return []
    signed = tokens[first - 1 :] if operand_next and _is_sign(tokens, first) else expression
    before = (signed[0].start if signed else 0) - 1
    is_part = before >= 0 and regex.match(r"[\p{L}\p{N}_)\]]", text[before]) is not None
    has_operator = any(token.kind in ("operator", "of") for token in expression)
    return signed if has_operator and not is_part else []


def _is_sign_or_bullet(tokens: list[_Token], first: int, start: int, text: str) -> bool:
    if first == 0 or tokens[first - 1].text not in _BULLETS:
        return False
    if text[start : tokens[first - 1].start].strip(SPACES):
        return False
    return _is_sign(tokens, first) or start == 0 or text[start - 1] == "\n"


def _is_sign(tokens: list[_Token], first: int) -> bool:
    if first == 0 or first >= len(tokens):
        return False
    operator = tokens[first - 1]
    return operator.text in _SIGNS and operator.end == tokens[first].start


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(text[start:end]):
        if found["space"] is not None:
            continue
        kind = next(kind for kind in _KINDS if found[kind] is not None)
        tokens.append(
            _Token(
                kind,
                found["number"] or found[0],
                found["percent"] is not None,
                start + found.start(),
                start + found.end(),
            )
        )
    return tokens


def check_totals(value: Any) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    problems: list[Problem] = []
    items: list[Stated] = []
    judged = start = 0
    for line in value.split("\n"):
        end = start + len(line)
        if not _RULE.fullmatch(line):
            stated = _last_number(line)
            if stated is None:
                items = []
            elif not _TOTAL.match(line):
                items.append(stated)
            else:
                if len(items) >= 2:
                    judged += 1
                    total = sum((item.value for item in items), Fraction(0))
                    if not stated.agrees(total, may_round=False):
                        added = f"the {len(items)} numbers above add up to {shown(total)}"
                        message = f"{added}, not {shown(stated.value)}"
                        problems.append(problem(message, start, end))
                items = []
        start = end + 1
    return verdict(problems, share(judged - len(problems), judged))


def _last_number(line: str) -> Stated | None:
    last = None
    for found in _LAST_NUMBER.finditer(line):
        last = found
    if last is None or len(line[last.end() :].strip(SPACES)) > 12:
        return None
    return read_stated(last["number"], negative=last["sign"] is not None, percent=last["percent"] is not None)


def check_table(value: Any, values: dict[str, Any]) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    problems: list[Problem] = []
    judged = 0
    mentions = _mentions(value, list(values))
    in_row = False
    for at, (start, end, label) in enumerate(mentions):
        following = mentions[at + 1][0] if at + 1 < len(mentions) else len(value)
        window = value[end : min(end + 80, following)]
        stop = _SENTENCE_END.search(window)
        found = _SCALED_NUMBER.search(window[: stop.start()] if stop else window)
        was_in_row, in_row = in_row, found is None and stop is None and end + len(window) == following
        if was_in_row or found is None:
            continue
        judged += 1
        percent = found["percent"] is not None
        stated = read_stated(
            found["number"], negative=found["sign"] is not None, percent=percent, scale=found["scale"]
        )
        given = Fraction(repr(values[label]))
        if stated.agrees(given, True) or (percent and stated.times(100).agrees(given, True)):
            continue
        message = f"{label} is {shown(given)} in the table, not {found[0].strip(SPACES)}"
        problems.append(problem(message, start, end + found.end()))
    return verdict(problems, share(judged - len(problems), judged))


def _mentions(text: str, labels: list[str]) -> list[tuple[int, int, str]]:
    same_length = len(text.lower()) == len(text)
    searched = text.lower() if same_length else text
    found: list[tuple[int, int, str]] = []
    for label in labels:
        word = label.lower() if same_length else label
        at = searched.find(word)
        while at >= 0:
            end = at + len(word)
            before, behind = text[at - 1 : at] if at else "", text[end : end + 1]
            if not _WORD_SIGN.match(before) and not _WORD_SIGN.match(behind):
                found.append((at, end, label))
            at = searched.find(word, end)
    found.sort(key=lambda one: (one[0], -one[1]))
    kept: list[tuple[int, int, str]] = []
    for one in found:
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept

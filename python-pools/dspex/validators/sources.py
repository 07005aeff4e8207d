"""Quotations and marks of sources, held against the sources: the same as in TypeScript."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from .plain_text import plain_text, sentences_of, words_in
from .verdict import Problem, Verdict, no_text, problem, quoted, share, verdict

MAX_QUOTES: Final = 200
_QUOTE: Final = re.compile(
    "\u201c([^\u201c\u201d\u201e]{1,5000})\u201d|\u201e([^\u201c\u201d\u201e]{1,5000})[\u201c\u201d]"
    '|\u00ab([^\u00ab\u00bb]{1,5000})\u00bb|"([^"\\n]{1,5000})"'
)
_GAP: Final = re.compile(r"\.\.\.|\[[^\[\]]{0,100}\]")
_OUTER: Final = " .,;:!?'-"
_MARKS: Final = re.compile(r"\[\^?([^\[\]\n]{1,200})\]")
_NUMBERS: Final = re.compile(r"[0-9]{1,4}(?: ?[,\u2013-] ?[0-9]{1,4}){0,19}")
_RANGE: Final = re.compile(r"([0-9]{1,4})(?: ?[\u2013-] ?([0-9]{1,4}))?")


def _text(source: Any) -> str:
    return source if isinstance(source, str) else source["text"]


def check_quotes(value: Any, sources: list[Any], minWords: int = 3) -> Verdict:  # noqa: N803
    if not isinstance(value, str):
        return no_text(value)
    texts = [plain_text(_text(source)) for source in sources]
    problems: list[Problem] = []
    checked = 0
    for found in _QUOTE.finditer(value):
        passage = found[1] or found[2] or found[3] or found[4] or ""
        if len(passage.split()) < minWords:
            continue
        if checked == MAX_QUOTES:
            message = f"more than {MAX_QUOTES} quotations: the rest is not compared"
            problems.append({"path": "$", "message": message, "span": None})
            break
        checked += 1
        parts = [part for part in (one.strip(_OUTER) for one in _GAP.split(plain_text(passage))) if part]
        if not any(_has_in_order(text, parts) for text in texts):
            problems.append(problem(f"no source says {quoted(passage)}", found.start(), found.end()))
    return verdict(problems, share(checked - min(checked, len(problems)), checked))


def _has_in_order(text: str, parts: list[str]) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def check_citations(
    value: Any,
    sources: list[Any],
    minSupport: float = 0.5,  # noqa: N803 # as in the check's data
    everySentence: bool = False,  # noqa: N803
) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    known = {str(at + 1): at for at in range(len(sources))}
    known |= {source["id"]: at for at, source in enumerate(sources) if not isinstance(source, str)}
    words = [set(words_in(plain_text(_text(source)))) for source in sources]
    problems: list[Problem] = []
    judged = right = 0
    for start, end in sentences_of(value):
        sentence = value[start:end]
        cited, unknown, citing = _cited(sentence, start, known, len(sources))
        problems += unknown
        if not citing:
            if everySentence and len(words_in(sentence)) >= 4:
                judged += 1
                problems.append(problem("the sentence names no source", start, end))
            continue
        judged += 1
        support = _support(_MARKS.sub(" ", sentence), [words[at] for at in cited])
        if support >= minSupport and not unknown:
            right += 1
        if support < minSupport and cited:
            message = f"its sources have {math.floor(support * 100)} % of the sentence's words"
            problems.append(problem(message, start, end))
    return verdict(problems, share(right, judged))


def _cited(
    sentence: str, start: int, known: dict[str, int], count: int
) -> tuple[set[int], list[Problem], bool]:
    cited: set[int] = set()
    unknown: list[Problem] = []
    citing = False
    for mark in _MARKS.finditer(sentence):
        if mark[1] in known:
            cited.add(known[mark[1]])
            citing = True
        elif _NUMBERS.fullmatch(mark[1]):
            citing = True
            for one in _RANGE.finditer(mark[1]):
                last_text = one[2] if one[2] is not None else one[1]
                first, last = int(one[1]), int(last_text)
                if first < 1 or last > count or first > last:
                    shown = f"[{one[1]}]" if one[1] == last_text else f"[{one[1]}-{last_text}]"
                    message = f"there is no source {shown}"
                    unknown.append(problem(message, start + mark.start(), start + mark.end()))
                else:
                    cited.update(range(first - 1, last))
    return cited, unknown, citing


def _support(text: str, sources: list[set[str]]) -> float:
    content = [
        word for word in words_in(plain_text(text)) if len(word) >= 4 or re.search("[0-9]", word) is not None
    ]
    if not content:
        return 1
    return sum(any(word in source for source in sources) for word in content) / len(content)

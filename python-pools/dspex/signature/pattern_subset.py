"""The regular expressions that every engine of RE2's family reads alike, and how large one may be.

One pass with a stack of groups. Anything outside the subset is refused here, before an engine sees it, so a
pattern that one language accepts never surprises the other.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Final

MAX_PATTERN_LENGTH: Final = 1000
MAX_COST: Final = 500
MAX_REPEAT: Final = 500
MAX_GROUPS_DEEP: Final = 32

_LITERAL_COST: Final = 1
_CLASS_COST: Final = 1
_CATEGORY_COST: Final = 4
_CATEGORIES: Final = frozenset(
    [
        *("L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No"),
        *("P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp"),
    ]
)
_CONTROL: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_PUNCTUATION: Final = frozenset(string.punctuation) - {"_"}
_COUNT: Final = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_CATEGORY: Final = re.compile(r"\{([A-Za-z]{1,2})\}")
_HEX2: Final = re.compile(r"[0-9A-Fa-f]{2}")


class PatternRefusedError(ValueError):
    """Why, lower case."""


@dataclass(slots=True)
class _Atom:
    """What a quantifier applies to: its size, and the product of the counts inside it."""

    cost: int
    repeat: int = 1
    quantifiable: bool = True


def check_subset(pattern: str) -> None:
    """Raises `PatternRefusedError`."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternRefusedError(f"longer than {MAX_PATTERN_LENGTH} characters")
    if _Reader(pattern).read() > MAX_COST:
        raise PatternRefusedError(f"larger than {MAX_COST}")


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        # The atoms of the group being read, innermost last; alternatives simply add up.
        self.groups: list[list[_Atom]] = [[]]
        self.after_quantifier = False

    def read(self) -> int:
        while self.position < len(self.pattern):
            self._step(self.pattern[self.position])
        if len(self.groups) > 1:
            raise PatternRefusedError("a group is not closed")
        return sum(atom.cost for atom in self.groups[0])

    def _refuse(self, what: str) -> PatternRefusedError:
        return PatternRefusedError(f"{what} at {self.position}")

    def _step(self, character: str) -> None:
        if character in "*+?{":
            self._quantifier(character)
            return
        self.after_quantifier = False
        if character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "[":
            self._add(self._class())
        elif character == "\\":
            self._add(self._escape())
        elif character in "^$":
            self._add(_Atom(_LITERAL_COST, quantifiable=False), 1)
        elif character == "|":
            self._add(_Atom(0, quantifiable=False), 1)
        elif character in "]}":
            raise self._refuse(f'"{character}" needs a backslash')
        else:
            self._add(_Atom(_CLASS_COST if character == "." else _LITERAL_COST), 1)

    def _add(self, atom: _Atom, width: int = 0) -> None:
        self.groups[-1].append(atom)
        self.position += width

    def _open(self) -> None:
        if len(self.groups) > MAX_GROUPS_DEEP:
            raise self._refuse(f"groups nest deeper than {MAX_GROUPS_DEEP}")
        if self.pattern.startswith("(?", self.position):
            if not self.pattern.startswith("(?:", self.position):
                raise self._refuse('only "(?:" may follow "("')
            self.position += 2
        self.position += 1
        self.groups.append([])

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise self._refuse('")" closes nothing')
        inner = self.groups.pop()
        cost = max(1, sum(atom.cost for atom in inner))
        self._add(_Atom(cost, max((atom.repeat for atom in inner), default=1)), 1)

    def _quantifier(self, character: str) -> None:
        atoms = self.groups[-1]
        if self.after_quantifier or not atoms or not atoms[-1].quantifiable:
            raise self._refuse(f'nothing to repeat by "{character}"')
        atom = atoms[-1]
        if character == "{":
            count = _COUNT.match(self.pattern, self.position)
            if count is None:
                raise self._refuse('"{" needs a backslash or a count')
            low, high = int(count[1]), int(count[3] or count[1])
            if low > high or high > MAX_REPEAT:
                raise self._refuse(f'count "{count.group()}" is not from 0 to {MAX_REPEAT} in order')
            atom.cost *= max(1, high)
            atom.repeat *= max(1, high)
            if atom.repeat > MAX_REPEAT:
                raise self._refuse(f"nested counts multiply to more than {MAX_REPEAT}")
            self.position = count.end()
        else:
            self.position += 1
        if self.pattern.startswith("?", self.position):
            self.position += 1
        self.after_quantifier = True

    def _escape(self) -> _Atom:
        # Not \\B, which engines on bytes find inside of a character.
        if self.pattern.startswith("\\b", self.position):
            self.position += 2
            return _Atom(_LITERAL_COST, quantifiable=False)
        return _Atom(self._escaped()[0])

    def _escaped(self) -> tuple[int, str | None]:
        """The cost of an escape and, where it stands for one character, that character."""
        pattern, start = self.pattern, self.position
        letter = pattern[start + 1 : start + 2]
        if letter in _CONTROL or letter in _PUNCTUATION:
            self.position += 2
            return _LITERAL_COST, _CONTROL.get(letter, letter)
        if letter and letter in "dDwWsS":
            self.position += 2
            return _CLASS_COST, None
        if letter and letter in "pP":
            category = _CATEGORY.match(pattern, start + 2)
            if category is None or category[1] not in _CATEGORIES:
                raise self._refuse(f'"\\{letter}" needs a general category in braces')
            self.position = category.end()
            return _CATEGORY_COST, None
        digits = _HEX2.match(pattern, start + 2) if letter == "x" else None
        if digits is None:
            raise self._refuse(f'escape "{pattern[start : start + 2]}" is not shared by every engine')
        self.position = digits.end()
        return _LITERAL_COST, chr(int(digits.group(), 16))

    def _class(self) -> _Atom:
        pattern = self.pattern
        self.position += 2 if pattern.startswith("[^", self.position) else 1
        first, cost = self.position, _CLASS_COST
        while True:
            if self.position >= len(pattern):
                raise self._refuse("a class is not closed")
            if pattern[self.position] == "]":
                if self.position == first:
                    raise self._refuse("a class is empty")
                self.position += 1
                return _Atom(cost)
            item_cost, low = self._class_item(first)
            cost = max(cost, item_cost)
            if low is not None and self._range_follows():
                self.position += 1
                _, high = self._class_item(self.position)
                if high is None or high < low:
                    raise self._refuse("a range is out of order")

    def _range_follows(self) -> bool:
        """A "-" that is not the last of the class."""
        following = self.pattern[self.position : self.position + 2]
        return following.startswith("-") and following != "-]"

    def _class_item(self, first: int) -> tuple[int, str | None]:
        pattern, start = self.pattern, self.position
        character = pattern[start : start + 1]
        if character == "\\":
            return self._escaped()
        if character in ("", "[", "]"):
            raise self._refuse(f'"{character}" in a class needs a backslash')
        if character == "-" and start != first and not pattern.startswith("-]", start):
            raise self._refuse('"-" inside a class needs a backslash')
        self.position += 1
        return _LITERAL_COST, character

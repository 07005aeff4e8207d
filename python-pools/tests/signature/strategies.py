"""Random signatures and, for each type, random wire values that fit it."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

from dspex.signature import (
    ABSENT,
    BytesType,
    DictType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    ObjectType,
    OptionalType,
    PlainType,
    Signature,
    StrType,
    Type,
)
from dspex.signature.checks import RESERVED_NAMES, literal_key
from dspex.signature.codec import default_fits

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Any but the one that JavaScript must not see.
KEYS = TEXT.filter(lambda key: key != "__proto__")
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True).filter(lambda n: n not in RESERVED_NAMES)
# With a text that each of them finds.
PATTERNS = {"^[a-z]+$": "abc", "[0-9]{2,}": "x42", r"\p{Lu}|é": "é", r"^(?:a|b)*\.$": "ab."}
INTEGERS = st.integers(-(2**70), 2**70)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def whole(value: float) -> int | float:
    """As in a syntax tree: integral numbers are ints."""
    return int(value) if value.is_integer() else value


@st.composite
def lengths(draw: Any) -> dict[str, int]:
    low, high = sorted((draw(st.integers(0, 4)), draw(st.integers(0, 8))))
    return draw(
        st.sampled_from(
            [{}, {"min_length": low}, {"max_length": high}, {"min_length": low, "max_length": high}]
        )
    )


@st.composite
def bounds(draw: Any, numbers: Any) -> dict[str, Any]:
    low, high = sorted((draw(numbers), draw(numbers)))
    if low == high:
        return draw(st.sampled_from([{}, {"ge": low}, {"le": high}, {"ge": low, "le": high}]))
    chosen = {draw(st.sampled_from(["ge", "gt"])): low, draw(st.sampled_from(["le", "lt"])): high}
    return draw(st.sampled_from([{}, chosen]))


def scalars() -> st.SearchStrategy[Type]:
    finite = FLOATS.map(whole)
    literal = st.one_of(
        TEXT, st.integers(-9, 9), st.booleans(), st.none(), finite.filter(lambda n: isinstance(n, float))
    )
    return st.one_of(
        lengths().map(lambda limits: StrType(**limits)),
        st.sampled_from(sorted(PATTERNS)).map(lambda pattern: StrType(pattern=pattern)),
        bounds(INTEGERS).map(lambda limits: IntType(**limits)),
        st.integers(1, 2**60).map(lambda step: IntType(multiple_of=step)),
        bounds(finite).map(lambda limits: FloatType(**limits)),
        st.just(FloatType(allow_inf_nan=True)),
        lengths().map(lambda limits: BytesType(**limits)),
        st.sampled_from(["bool", "date", "datetime", "time", "any", "image", "history"]).map(PlainType),
        st.lists(literal, min_size=1, max_size=4, unique_by=literal_key).map(
            lambda values: LiteralType(tuple(values))
        ),
    )


def optional(of: Type) -> Type:
    return of if isinstance(of, OptionalType) else OptionalType(of)


def types() -> st.SearchStrategy[Type]:
    return st.recursive(
        scalars(),
        lambda inner: st.one_of(
            st.builds(lambda items, limits: ListType(items, **limits), inner, lengths()),
            st.builds(lambda values, limits: DictType(values, **limits), inner, lengths()),
            inner.map(optional),
            fields(inner, 1, 3).map(ObjectType),
        ),
        max_leaves=4,
    )


@st.composite
def fields(draw: Any, of: st.SearchStrategy[Type], least: int, most: int) -> tuple[Field, ...]:
    names = draw(st.lists(NAMES, min_size=least, max_size=most, unique=True))
    return tuple(draw(named_fields(of, name)) for name in names)


@st.composite
def named_fields(draw: Any, of: st.SearchStrategy[Type], name: str) -> Field:
    type_ = draw(of)
    tries = [
        ABSENT,
        ABSENT,
        None,
        0,
        7,
        1.5,
        True,
        "",
        "abc",
        "2026-11-24",
        "10:30:00.5",
        [],
        ["a"],
        [[1], 2],
        {},
        "NaN",
    ]
    default = draw(st.sampled_from(tries))
    fits = default is not ABSENT and default_fits(type_, default)
    return Field(name, type_, draw(st.none() | TEXT), default if fits else ABSENT)


@st.composite
def signatures(draw: Any) -> Signature:
    every = draw(fields(types(), 2, 6))
    split = draw(st.integers(1, len(every) - 1))
    return Signature(every[:split], every[split:], draw(st.none() | TEXT))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=5,
)


def values(type_: Type) -> st.SearchStrategy[Any]:
    """Wire values that fit; where a bound leaves few, values on the bound."""
    match type_:
        case StrType(pattern=str() as pattern):
            return st.just(PATTERNS[pattern])
        case StrType():
            return st.text(st.characters(exclude_categories=["Cs"]), **sizes(type_))
        case BytesType():
            return st.binary(**sizes(type_)).map(lambda raw: {"$bytes": base64.b64encode(raw).decode()})
        case IntType(multiple_of=int() as step):
            return st.integers(-9, 9).map(lambda count: count * step)
        case IntType():
            low = type_.ge if type_.gt is None else type_.gt + 1
            high = type_.le if type_.lt is None else type_.lt - 1
            return st.integers(low, high) if low is None or high is None or low <= high else st.nothing()
        case FloatType(allow_inf_nan=True):
            return st.sampled_from(["NaN", "Infinity", "-Infinity", 0.5, -0.0, 3])
        case FloatType():
            return bounded_floats(type_)
        case LiteralType(values=literals):
            return st.sampled_from(literals)
        case OptionalType(of=of):
            return st.none() | values(of)
        case ListType(items=items):
            return st.lists(values(items), **sizes(type_))
        case DictType(values=inner):
            return st.dictionaries(KEYS, values(inner), **sizes(type_))
        case ObjectType(fields=inner_fields):
            return members(inner_fields)
        case PlainType(kind=kind):
            return PLAIN[kind]


def sizes(type_: Any) -> dict[str, int]:
    low = type_.min_length or 0
    return {"min_size": low, "max_size": low + 3 if type_.max_length is None else type_.max_length}


def bounded_floats(type_: FloatType) -> st.SearchStrategy[float]:
    ends = [bound for bound in (type_.ge, type_.gt, type_.le, type_.lt) if bound is not None]
    if not ends:
        return FLOATS
    middle = float(ends[0]) / 2 + float(ends[-1]) / 2
    tries = [middle, *(float(end) for end in ends)]
    fitting = [value for value in tries if default_fits(type_, value)]
    return st.sampled_from(fitting) if fitting else st.nothing()


def members(of: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    needed = {field.name: values(field.type) for field in of if not field.may_be_absent}
    free = {field.name: values(field.type) for field in of if field.may_be_absent}
    return st.fixed_dictionaries(needed, optional=free)


TURNS = st.fixed_dictionaries(
    {"inputs": st.dictionaries(NAMES, JSON, max_size=2), "outputs": st.dictionaries(NAMES, JSON, max_size=2)}
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "date": st.dates().map(lambda day: day.isoformat()),
    "time": st.times().map(lambda clock: clock.isoformat()),
    "datetime": st.datetimes(timezones=st.timezones()).map(
        lambda moment: moment.replace(tzinfo=None).isoformat() + "+05:30"
    ),
    "any": JSON,
    "image": st.sampled_from(
        [{"$image": {"url": "https://a.example/b.png"}}, {"$image": {"url": "data:image/png;base64,AA=="}}]
    ),
    "history": st.lists(TURNS, max_size=2),
}

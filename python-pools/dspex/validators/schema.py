"""JSON Schema (2020-12), compiled to functions: the same keywords, messages and bounds as in TypeScript.
Patterns run on RE2, and the steps are counted.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, Final

from dspex.wire_json import canonical_json

from .schema_containers import list_checks, object_checks
from .schema_parts import (
    MAX_STEPS,
    Check,
    Run,
    Schema,
    TooManyStepsError,
    counted,
    fits_quietly,
    misfit,
    report,
)
from .schema_scalars import any_checks, number_checks, text_checks
from .verdict import Problem, Verdict, quoted, verdict

MAX_COMPILED: Final = 256
_NOTES: Final = """$schema $id $comment $defs definitions title description default examples deprecated
readOnly writeOnly contentEncoding contentMediaType"""
_KEYWORDS: Final = """type enum const $ref allOf anyOf oneOf not if then else minimum maximum exclusiveMinimum
exclusiveMaximum multipleOf minLength maxLength pattern format items prefixItems minItems maxItems uniqueItems
contains minContains maxContains properties required additionalProperties patternProperties propertyNames
minProperties maxProperties dependentRequired"""
_KNOWN: Final = frozenset(f"{_NOTES} {_KEYWORDS}".split())
_compiled: OrderedDict[str, Check] = OrderedDict()


def check_schema(value: Any, schema: Any) -> Verdict:
    """@raises DspexError `invalid_inputs` where the schema itself is not understood."""
    check = _compiled_once(schema)
    problems: list[Problem] = []
    try:
        check(value, "$", Run(problems, steps_left=MAX_STEPS))
    except (TooManyStepsError, RecursionError):
        message = f"checking takes more than {MAX_STEPS} steps"
        problems.append({"path": "$", "message": message, "span": None})
    return verdict(problems)


def _compiled_once(schema: Any) -> Check:
    key = canonical_json(schema)
    known = _compiled.get(key)
    if known is None:
        known = _Compiler(schema).compile(schema, "#")
        _compiled[key] = known
        if len(_compiled) > MAX_COMPILED:
            _compiled.popitem(last=False)
    else:
        _compiled.move_to_end(key)
    return known


class _Compiler:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._by_reference: dict[str, list[Check]] = {}

    def compile(self, schema: Any, where: str) -> Check:
        if schema is True:
            return lambda _value, _path, _run: True
        if schema is False:
            return lambda _value, path, run: report(run, path, "nothing is allowed here")
        if not isinstance(schema, dict):
            raise misfit("a schema is an object, true or false", where)
        for key in schema:
            if key not in _KNOWN:
                raise misfit(f"the keyword {quoted(key)} is not known", where)
        return counted(
            [
                *self._references(schema, where),
                *any_checks(schema, where),
                *number_checks(schema, where),
                *text_checks(schema, where),
                *list_checks(schema, where, self.compile),
                *object_checks(schema, where, self.compile),
                *self._combinations(schema, where),
            ]
        )

    def _references(self, schema: Schema, where: str) -> list[Check]:
        pointer = schema.get("$ref")
        if pointer is None:
            return []
        if not isinstance(pointer, str) or not re.match(r"#(?:/|\Z)", pointer):
            raise misfit("$ref leads to a place in the same schema, such as #/$defs/name", where)
        found = self._by_reference.get(pointer)
        if found is None:
            # Compiled once, so that a schema may lead to itself.
            found = self._by_reference[pointer] = []
            found.append(self.compile(self._schema_at(pointer, where), pointer))
        kept = found
        return [counted([lambda value, path, run: kept[0](value, path, run)])]

    def _schema_at(self, pointer: str, where: str) -> Any:
        at = self._root
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(at, dict) and key in at:
                at = at[key]
            elif isinstance(at, list) and key.isdecimal() and int(key) < len(at):
                at = at[int(key)]
            else:
                raise misfit(f"there is no {quoted(pointer)}, which $ref names", where)
        return at

    def _listed(self, schema: Schema, keyword: str, where: str) -> list[Check] | None:
        subs = schema.get(keyword)
        if subs is None:
            return None
        if not isinstance(subs, list) or not subs:
            raise misfit(f"{keyword} is a list of schemas", where)
        return [self.compile(sub, f"{where}/{keyword}/{at}") for at, sub in enumerate(subs)]

    def _combinations(self, schema: Schema, where: str) -> list[Check]:
        checks = list(self._listed(schema, "allOf", where) or [])
        some = self._listed(schema, "anyOf", where)
        if some is not None:
            checks.append(_any_of(some))
        one = self._listed(schema, "oneOf", where)
        if one is not None:
            checks.append(_one_of(one))
        if "not" in schema:
            checks.append(_none_of(self.compile(schema["not"], f"{where}/not")))
        if "if" in schema:
            branches = [
                self.compile(schema[name], f"{where}/{name}") if name in schema else None
                for name in ("then", "else")
            ]
            checks.append(_branch(self.compile(schema["if"], f"{where}/if"), branches[0], branches[1]))
        return checks


def _any_of(checks: list[Check]) -> Check:
    def any_of(value: Any, path: str, run: Run) -> bool:
        for check in checks:
            if fits_quietly(check, value, run):
                return True
        return report(run, path, f"fits none of the {len(checks)} schemas of anyOf")

    return any_of


def _one_of(checks: list[Check]) -> Check:
    def one_of(value: Any, path: str, run: Run) -> bool:
        count = 0
        for check in checks:
            count += fits_quietly(check, value, run)
        return count == 1 or report(
            run, path, f"fits {count} of the {len(checks)} schemas of oneOf, expected 1"
        )

    return one_of


def _none_of(check: Check) -> Check:
    def none_of(value: Any, path: str, run: Run) -> bool:
        return not fits_quietly(check, value, run) or report(run, path, "fits what it must not")

    return none_of


def _branch(condition: Check, yes: Check | None, no: Check | None) -> Check:
    def branch(value: Any, path: str, run: Run) -> bool:
        chosen = yes if fits_quietly(condition, value, run) else no
        return chosen is None or chosen(value, path, run)

    return branch

"""The keywords of JSON Schema that tell about lists and objects, and what is in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .schema_parts import Check, Compile, Run, Schema, canonical_of, fits_quietly, misfit, report, size_of
from .schema_scalars import pattern_searcher
from .verdict import member_path, members_of, quoted


def list_checks(schema: Schema, where: str, compile_at: Compile) -> list[Check]:
    checks: list[Check] = []
    first = schema.get("prefixItems", [])
    if not isinstance(first, list):
        raise misfit("prefixItems is a list of schemas", where)
    firsts = [compile_at(sub, f"{where}/prefixItems/{at}") for at, sub in enumerate(first)]
    rest = compile_at(schema["items"], f"{where}/items") if "items" in schema else None
    if firsts or rest is not None:
        checks.append(_items(firsts, rest))
    least, most = size_of(schema, "minItems", where), size_of(schema, "maxItems", where)
    if least is not None:
        checks.append(
            _length(list, lambda n: n >= least, lambda n: f"expected at least {least} items, got {n}")
        )
    if most is not None:
        checks.append(_length(list, lambda n: n <= most, lambda n: f"expected at most {most} items, got {n}"))
    if schema.get("uniqueItems") is True:
        checks.append(_unique)
    if "contains" in schema:
        checks.append(_containing(schema, where, compile_at(schema["contains"], f"{where}/contains")))
    return checks


def _items(firsts: list[Check], rest: Check | None) -> Check:
    def items(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, list):
            return True
        fits = True
        for at, item in enumerate(value):
            check = firsts[at] if at < len(firsts) else rest
            if check is None:
                break
            if check(item, f"{path}[{at}]", run):
                continue
            fits = False
            if run.problems is None:
                break
        return fits

    return items


def _length(
    kind: type[list[Any]] | type[dict[str, Any]], fits: Callable[[int], bool], told: Callable[[int], str]
) -> Check:
    def length(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, kind):
            return True
        count = len(value)
        return fits(count) or report(run, path, told(count))

    return length


def _unique(value: Any, path: str, run: Run) -> bool:
    if not isinstance(value, list) or len({canonical_of(item, run) for item in value}) == len(value):
        return True
    return report(run, path, "expected no item twice")


def _containing(schema: Schema, where: str, contained: Check) -> Check:
    given = size_of(schema, "minContains", where)
    least, most = 1 if given is None else given, size_of(schema, "maxContains", where)

    def containing(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, list):
            return True
        count = 0
        for item in value:
            count += fits_quietly(contained, item, run)
        if count >= least and (most is None or count <= most):
            return True
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
        return report(run, path, f"{count} items fit contains, expected {wanted}")

    return containing


def object_checks(schema: Schema, where: str, compile_at: Compile) -> list[Check]:
    checks: list[Check] = []
    required = schema.get("required", [])
    if not _is_names(required):
        raise misfit("required is a list of names", where)
    if required:
        checks.append(_having(required, None))
    checks += _members(schema, where, compile_at)
    least, most = size_of(schema, "minProperties", where), size_of(schema, "maxProperties", where)
    if least is not None:
        checks.append(_length(dict, lambda n: n >= least, lambda _: f"expected at least {least} members"))
    if most is not None:
        checks.append(_length(dict, lambda n: n <= most, lambda _: f"expected at most {most} members"))
    if "propertyNames" in schema:
        checks.append(_names(compile_at(schema["propertyNames"], f"{where}/propertyNames")))
    dependent = schema.get("dependentRequired", {})
    for name, others in dependent.items() if isinstance(dependent, dict) else ():
        if not _is_names(others):
            raise misfit("dependentRequired has lists of names", where)
        checks.append(_having(others, name))
    return checks


def _having(names: list[str], condition: str | None) -> Check:
    def having(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, dict) or (condition is not None and condition not in value):
            return True
        missing = [name for name in names if name not in value]
        for name in missing:
            report(run, path, f"{quoted(name)} is missing")
        return not missing

    return having


def _names(check: Check) -> Check:
    def names(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, dict):
            return True
        for key, _ in members_of(value):
            if not fits_quietly(check, key, run):
                return report(run, path, f"{quoted(key)} is no name that it may have")
        return True

    return names


def _members(schema: Schema, where: str, compile_at: Compile) -> list[Check]:
    """`properties`, `patternProperties`, and `additionalProperties` of what neither names."""
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for keyword, given in (("properties", properties), ("patternProperties", patterns)):
        if not isinstance(given, dict):
            raise misfit(f"{keyword} is an object of schemas", where)
    named = {name: compile_at(sub, f"{where}/properties/{name}") for name, sub in properties.items()}
    patterned = [
        (pattern_searcher(pattern), compile_at(sub, f"{where}/patternProperties/{pattern}"))
        for pattern, sub in patterns.items()
    ]
    additional = schema.get("additionalProperties")
    closed = additional is False
    others = None if additional is None or closed else compile_at(additional, f"{where}/additionalProperties")
    if not named and not patterned and others is None and not closed:
        return []

    def members(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, dict):
            return True
        fits = True
        for key, member in members_of(value):
            checks = [check for search, check in patterned if search(key)]
            if key in named:
                checks.insert(0, named[key])
            if not checks:
                if closed:
                    fits = report(run, path, f"{quoted(key)} is not allowed")
                elif others is not None:
                    checks.append(others)
            inner = member_path(path, key)
            for check in checks:
                if not check(member, inner, run):
                    fits = False
            if not fits and run.problems is None:
                return False
        return fits

    return [members]


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)

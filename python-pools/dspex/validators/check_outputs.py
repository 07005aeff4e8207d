"""A program's validators, run over the outputs of one attempt: the same as check-outputs.ts in TypeScript."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from dspex.errors import DspexError
from dspex.limits import MAX_VERDICT_PROBLEMS
from dspex.messages import Validator

from .checks import every, validate
from .verdict import Problem, Verdict, mean

Values = dict[str, Any]
"""As they travel, large values in place."""

MAX_TEXT: Final = 300
_STEP: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]*)\]")
_FIELD: Final = re.compile(r"[A-Za-z0-9_]+")
_MISSING: Final = object()
_EACH: Final = -1


def check_outputs(validators: Sequence[Validator], inputs: Values, outputs: Values) -> dict[str, Any]:
    """The validation of the result.

    @raises DspexError `output_invalid`, with the validator that says no: the router tries what is next.
    """
    must = {one.name: _verdict_on(one, inputs, outputs) for one in validators if one.on_failure == "fail"}
    failed = [told for told, _ in must.values() if not told["valid"]]
    if failed:
        raise _failure(validators, failed)
    judged = [must.get(one.name) or _verdict_on(one, inputs, outputs) for one in validators]
    scores = [
        told.get("score", 1.0 if told["valid"] else 0.0)
        for one, (told, empty) in zip(validators, judged, strict=True)
        if one.on_failure == "score" and not empty
    ]
    quality = mean(scores)
    validation: dict[str, Any] = {} if quality is None else {"quality": quality}
    validation["verdicts"] = [told for told, _ in judged]
    return validation


def reads_inputs(validator: Validator) -> bool:
    options = validator.options or {}
    return "sourcesFrom" in options or "valuesFrom" in options


def _verdict_on(validator: Validator, inputs: Values, outputs: Values) -> tuple[dict[str, Any], bool]:
    """With whether there was nothing that it could have looked at."""
    check = _check_for(validator, inputs)
    found = [_placed(_judged(value, check), path) for path, value in _parts_at(outputs, validator.output)]
    if len(found) == 1:
        whole = found[0]
    else:
        shares = [one["score"] if one["score"] is not None else float(one["valid"]) for one in found]
        whole = every([{**one, "score": share} for one, share in zip(found, shares, strict=True)])
    told: dict[str, Any] = {
        "validator": validator.name,
        "output": validator.output,
        "kind": validator.kind,
        "valid": whole["valid"],
    }
    if whole["score"] is not None:
        told["score"] = whole["score"]
    if not whole["valid"]:
        told["problems"] = whole["problems"][:MAX_VERDICT_PROBLEMS]
    return told, not found


def _judged(value: Any, check: dict[str, Any]) -> Verdict:
    if value is _MISSING:
        return every([{"valid": False, "score": None, "problems": [_missing()]}])
    return validate(value, check)


def _missing() -> Problem:
    return {"path": "$", "message": "is missing", "span": None}


def _placed(found: Verdict, at: str) -> Verdict:
    return {**found, "problems": [_told(one, at) for one in found["problems"]]}


def _told(one: Problem, at: str) -> Problem:
    told: Problem = {
        "path": _shortened(f"outputs{at}{one['path'][1:]}"),
        "message": _shortened(one["message"]),
    }
    if one["span"] is not None:
        told["span"] = one["span"]
    return told


def _check_for(validator: Validator, inputs: Values) -> dict[str, Any]:
    """Kind and options as a check of this request."""
    check: dict[str, Any] = {**(validator.options or {}), "check": validator.kind}
    sources, values = check.pop("sourcesFrom", None), check.pop("valuesFrom", None)
    if sources is not None:
        check["sources"] = _sources_in(inputs.get(sources))
    if values is not None:
        check["values"] = _values_in(inputs.get(values))
    return check


def _sources_in(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [given]
    return [_source(item) for item in given] if isinstance(given, list) else []


def _source(item: Any) -> Any:
    if not isinstance(item, dict):
        return item if isinstance(item, str) else ""
    name, text = item.get("id"), item.get("text")
    words = text if isinstance(text, str) else ""
    return {"id": name, "text": words} if isinstance(name, str) and name else words


def _values_in(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    return {
        label: value
        for label, value in given.items()
        if label and isinstance(value, int | float) and not isinstance(value, bool)
    }


@lru_cache(maxsize=1_024)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(name or (_EACH if index == "" else int(index)) for name, index in _STEP.findall(path))


def _parts_at(outputs: Values, path: str) -> list[tuple[str, Any]]:
    """None where there is nothing to look at: an optional value that is not there, a list without items."""
    parts: list[tuple[str, Any]] = [("", outputs)]
    for step in _steps(path):
        parts = [deeper for part in parts for deeper in _next(part, step)]
    return [(at, value) for at, value in parts if value is not None]


def _next(part: tuple[str, Any], step: str | int) -> list[tuple[str, Any]]:
    at, value = part
    if isinstance(step, str):
        return [(f"{at}.{step}", value[step])] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    if step == _EACH:
        return [(f"{at}[{n}]", item) for n, item in enumerate(value)]
    return [(f"{at}[{step}]", value[step] if step < len(value) else _MISSING)]


def _failure(validators: Sequence[Validator], failed: list[dict[str, Any]]) -> DspexError:
    """Errors are kept in logs: of an output that must not hold personal data they repeat nothing."""
    secret = {_field(one.output) for one in validators if one.kind == "pii"}
    told = [_without_texts(one) if _field(one["output"]) in secret else one for one in failed]
    problem = told[0]["problems"][0]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    text = f'validator "{told[0]["validator"]}": {problem["path"]}: {problem["message"]}{more}'
    return DspexError("output_invalid", text, path=problem["path"], details={"validators": told})


def _without_texts(one: dict[str, Any]) -> dict[str, Any]:
    if one["kind"] == "pii":
        return one
    message = f'does not pass the check "{one["kind"]}"'
    return {**one, "problems": [{"path": f"outputs.{one['output']}", "message": message}]}


def _field(output: str) -> str:
    found = _FIELD.match(output)
    return found[0] if found else output


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"

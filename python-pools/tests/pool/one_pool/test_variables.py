"""Work brings the values that variables had when it was decided: settings, and what users' functions find."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.pool.fake_model_server import Answer, FakeModelServer, says
from tests.pool.log_kit import Log, dspy, program, python
from tests.pool.pool_process import PoolProcess

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

SIGNATURE = "question: str -> answer: str"
TUNED = dspy(
    "Predict",
    variables={
        "module": "module",
        "adapter": "form",
        "demos": "demos",
        "parameters.instructions": "how",
        "timeoutMs": "patience",
    },
)


async def asked(log: Log, model: FakeModelServer, definition: dict[str, Any], **settings: Any) -> str:
    """What the model was asked by an attempt with these settings."""
    model.requests.clear()
    result = await log.run(definition, {"question": "why?"}, settings={"module": "Predict", **settings})
    assert result["outputs"] == {"answer": "so"}, result
    return json.dumps(model.requests[0])


async def test_a_module_is_made_with_the_works_settings_and_never_with_those_of_other_work(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        if "[[ ## answer ## ]]" in json.dumps(body):
            return Answer(text="[[ ## answer ## ]]\nso\n\n[[ ## completed ## ]]")
        thinks = "reasoning" in json.dumps(body)
        return says({"answer": "so", **({"reasoning": "hm"} if thinks else {})})

    model.script = script
    definition = program("tuned-module", SIGNATURE, TUNED)
    await log.register(definition)
    demos = [{"inputs": {"question": "who?"}, "outputs": {"answer": "nobody"}}]
    for _ in range(2):
        plain = await asked(log, model, definition)
        assert "reasoning" not in plain
        assert "nobody" not in plain
        assert "[[ ## answer ## ]]" not in plain
        assert "reasoning" in await asked(log, model, definition, module="ChainOfThought")
        assert "nobody" in await asked(log, model, definition, demos=demos)
        assert "[[ ## answer ## ]]" in await asked(log, model, definition, adapter="chat")
        assert "Be brief." in await asked(log, model, definition, parameters={"instructions": "Be brief."})
        assert "Be kind." in await asked(log, model, definition, parameters={"instructions": "Be kind."})


async def test_work_beside_other_work_has_its_own_settings(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.script = lambda _: says({"answer": "so"})
    definition = program("tuned-beside", SIGNATURE, TUNED)
    await log.register(definition)
    hows = [f"Say it in way {n}." for n in range(12)]
    settings = [{"module": "Predict", "parameters": {"instructions": how}} for how in hows]
    await asyncio.gather(*(log.run(definition, {"question": "?"}, settings=one) for one in settings))
    prompts = [json.dumps(request["messages"]) for request in model.requests]
    assert len(prompts) == len(hows)
    assert all(sum(how in prompt for prompt in prompts) == 1 for how in hows)


async def test_a_limit_of_time_comes_from_the_work(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.script = lambda _: Answer(text='{"answer": "so"}', delay_s=1.0)
    definition = program("tuned-patience", SIGNATURE, TUNED)
    await log.register(definition)
    error = await log.run_failing(definition, {"question": "?"}, settings={"timeoutMs": 100})
    assert error["code"] == "lm_timeout"


async def test_settings_that_cannot_be_say_so(pool: PoolProcess, log: Log) -> None:
    definition = program("tuned-wrong", SIGNATURE, TUNED)
    await log.register(definition)
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"module": "Nope"}, "module_not_found", 'no module kind "Nope"'),
        ({"adapter": "yaml"}, "invalid_inputs", "settings of predict"),
        ({"demos": [{"inputs": {}}]}, "invalid_inputs", "settings of predict"),
    ]
    for settings, code, said in wrong:
        error = await log.run_failing(definition, {"question": "?"}, settings=settings)
        assert (error["code"], error["retryable"]) == (code, False)
        assert said in error["message"]


@pytest.mark.parametrize("entry", ["tuned", "tuned-in-a-thread"])
async def test_a_users_function_finds_values_under_its_keys(
    pool: PoolProcess, log: Log, model: FakeModelServer, entry: str
) -> None:
    definition = program(entry, "text: str -> said: str", python(entry))
    await log.register(definition)
    for voice in ("calm", "loud"):
        result = await log.run(definition, {"text": "yes"}, variables={"voice": voice, "tone": voice})
        assert result["outputs"] == {"said": f"yes in a {voice} voice"}
    result = await log.run(definition, {"text": "yes"})
    assert result["outputs"] == {"said": "yes in a plain voice"}

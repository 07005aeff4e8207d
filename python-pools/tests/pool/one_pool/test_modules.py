"""Every module kind answers the same program the same way; then what each of them has of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pool.fake_model_server import FakeModelServer, fails, says
from tests.pool.log_kit import Log, dspy, program, python, work_data
from tests.pool.nats_kit import NatsKit, running_nats
from tests.pool.pool_process import PoolProcess, pool_process

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]
MODULES = ("--modules", str(Path(__file__).parents[1] / "user_modules"))
SIGNATURE = '"Answer in one word." question: str, limit: int = 3 -> answer: str(max_length=20)'


def wanted(body: dict[str, Any]) -> list[str]:
    """Outputs that the request's prompt or schema asks for."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is not None:
        return list(schema["properties"])
    text = body["messages"][-1]["content"]
    text = text if isinstance(text, str) else json.dumps(text)
    known = ("next_thought", "next_tool_name", "next_tool_args", "reasoning", "rationale", "answer")
    tail = text[text.rfind("Respond with a JSON object") :]
    return [name for name in known if f"`{name}`" in tail]


def helpful(body: dict[str, Any]) -> Any:
    """A model that thinks, finishes at once and answers Paris."""
    if body.get("tools"):
        call = {
            "id": "c1",
            "type": "function",
            "function": {"name": "submit", "arguments": json.dumps({"answer": "Paris"})},
        }
        return says({}, tool_calls=[call])
    values = {
        "next_thought": "I know it.",
        "next_tool_name": "finish",
        "next_tool_args": {},
        "reasoning": "It is the capital.",
        "rationale": "They agree.",
        "answer": "Paris",
    }
    return says({name: values[name] for name in wanted(body)})


KINDS = [
    ("Predict", {}, 1),
    ("ChainOfThought", {}, 1),
    ("ReAct", {"parameters": {"maxIters": 3}, "tools": [{"python": "population"}]}, 2),
    ("ReActV2", {"parameters": {"maxIters": 3}, "tools": [{"python": "population"}]}, 1),
    ("BestOfN", {"parameters": {"n": 3}}, 1),
    ("Refine", {"parameters": {"n": 2, "module": "ChainOfThought"}}, 1),
    ("MultiChainComparison", {"parameters": {"m": 2}}, 3),
]


@pytest.mark.parametrize(("module", "settings", "calls"), KINDS, ids=[kind[0] for kind in KINDS])
async def test_every_kind_answers_and_counts_its_calls(
    pool: PoolProcess, log: Log, model: FakeModelServer, module: str, settings: dict[str, Any], calls: int
) -> None:
    model.script = helpful
    definition = program(f"capital-{module}", SIGNATURE, dspy(module, **settings))
    await log.register(definition)
    for _ in range(2):
        result = await log.run(definition, {"question": "capital of France?"})
        assert result["outputs"] == {"answer": "Paris"}, result
    assert len(model.requests) == 2 * calls
    assert result["usage"]["inputTokens"] == 11 * calls
    prompt = json.dumps(model.requests[0]["messages"])
    assert "Answer in one word." in prompt
    assert "capital of France?" in prompt


@pytest.mark.parametrize("module", ["Predict", "ReAct", "BestOfN"])
async def test_a_fault_of_the_model_is_told_through_every_way_of_running(
    pool: PoolProcess, log: Log, model: FakeModelServer, module: str
) -> None:
    model.script = lambda _: fails(429, "slow down", **{"Retry-After": "1"})
    definition = program("faulty", SIGNATURE, dspy(module))
    await log.register(definition)
    error = await log.run_failing(definition, {"question": "?"})
    assert (error["code"], error["retryAfterMs"]) == ("lm_rate_limited", 1_000)


WRONG = [
    ("no such kind", dspy("Nope"), 'no module kind "Nope"'),
    ("a way to call, no module", dspy("Parallel"), "pipeline"),
    ("a parameter that it has not", dspy("ReAct", parameters={"maxIter": 3}), "maxIters"),
    ("a parameter of another type", dspy("ReAct", parameters={"maxIters": "3"}), "an integer"),
    ("a tool that nobody has", dspy("ReAct", tools=[{"python": "nope"}]), "population"),
    ("tools for one that takes none", dspy("Predict", tools=[{"python": "population"}]), "takes no tools"),
    ("a reward that nobody has", dspy("BestOfN", parameters={"reward": "nope"}), "short-is-good"),
    ("a demo that does not fit", dspy("Predict", demos=[{"inputs": {}, "outputs": {}}]), "demo 0"),
    ("an entry that nobody has", python("nope"), "broken.py"),
    ("an entry of a broken file", python("never"), "broken.py"),
]


@pytest.mark.parametrize(("name", "implementation", "said"), WRONG, ids=[wrong[0] for wrong in WRONG])
async def test_what_cannot_be_built_says_why(
    pool: PoolProcess, log: Log, name: str, implementation: dict[str, Any], said: str
) -> None:
    definition = program("wrong", SIGNATURE, implementation)
    await log.register(definition)
    error = await log.run_failing(definition, {"question": "?"})
    assert (error["code"], error["retryable"]) == ("module_not_found", False)
    assert said in error["message"]


async def test_kinds_that_run_written_code_need_the_sandbox(pool: PoolProcess, log: Log) -> None:
    for module in ("ProgramOfThought", "CodeAct"):
        definition = program("code", SIGNATURE, dspy(module))
        await log.register(definition)
        error = await log.run_failing(definition, {"question": "?"})
        assert error["code"] == "module_not_found"
        assert "Deno" in error["message"]


async def test_an_agent_calls_pythons_tools_and_reads_their_answers(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [
        says({"next_thought": "ask", "next_tool_name": "population", "next_tool_args": {"city": "Paris"}}),
        says({"next_thought": "done", "next_tool_name": "finish", "next_tool_args": {}}),
        says({"reasoning": "read it", "answer": "2100000"}),
    ]
    definition = program("people", SIGNATURE, dspy("ReAct", tools=[{"python": "population"}]))
    await log.register(definition)
    result = await log.run(definition, {"question": "how many?"})
    assert result["outputs"] == {"answer": "2100000"}
    assert "How many people live in a city." in json.dumps(model.requests[0]["messages"])
    assert "2100000" in json.dumps(model.requests[1]["messages"])


@pytest.mark.parametrize("module", ["ReAct", "BestOfN"], ids=["on the loop", "in a thread"])
async def test_an_agent_calls_programs_over_the_bus(
    pool: PoolProcess, log: Log, model: FakeModelServer, nats_kit: NatsKit, module: str
) -> None:
    calls: list[Any] = []

    async def on_call(message: Any) -> None:
        calls.append((message.subject, dict(message.headers), json.loads(message.data)))
        if len(calls) == 1:
            error = {"code": "overloaded", "message": "try later", "retryable": True}
            headers = {"Nats-Service-Error": "try later", "Nats-Service-Error-Code": "529"}
            await nats_kit.admin.publish(message.reply, json.dumps(error).encode(), headers=headers)
        else:
            await message.respond(b'{"sum": 12}')

    gateway = await nats_kit.admin.subscribe("dspex-tool.general.call.add-up", cb=on_call)
    tool = {"next_thought": "add", "next_tool_name": "add_up", "next_tool_args": {"numbers": [4, 8]}}
    model.answers = [
        says(tool),
        says(tool),
        says({"next_thought": "done", "next_tool_name": "finish", "next_tool_args": {}}),
        says({"reasoning": "read it", "answer": "12"}),
    ]
    adder = program(
        "add-up", "numbers: list[int] -> sum: int", python("nowhere"), description="Adds numbers."
    )
    parameters = {} if module == "ReAct" else {"parameters": {"module": "ReAct"}}
    definition = program("sums", SIGNATURE, dspy(module, tools=[{"program": "add-up"}], **parameters))
    await log.register(adder)
    await log.register(definition)
    request_id = log.next_id()
    sequence = await log.send(work_data(definition, request_id, {"question": "4 and 8?"}))
    assert (await log.result(request_id))["outputs"] == {"answer": "12"}
    await gateway.unsubscribe()
    assert "Adds numbers." in json.dumps(model.requests[0]["messages"])
    assert "try later" in json.dumps(model.requests[1]["messages"])
    assert "12" in json.dumps(model.requests[2]["messages"])
    subject, headers, body = calls[1]
    assert (subject, body) == ("dspex-tool.general.call.add-up", {"numbers": [4, 8]})
    assert headers["Dspex-Work-Id"] == request_id
    assert (headers["Dspex-Work-Attempt"], headers["Dspex-Tool-Call"]) == ("1", "2")
    assert headers["Dspex-Work-Sequence"] == str(sequence)
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


@pytest.mark.parametrize("entry", ["adds", "adds-in-a-thread"])
async def test_users_code_calls_programs_over_the_bus(
    pool: PoolProcess, log: Log, nats_kit: NatsKit, entry: str
) -> None:
    async def on_call(message: Any) -> None:
        numbers = json.loads(message.data)["numbers"]
        await message.respond(json.dumps({"sum": sum(numbers)}).encode())

    gateway = await nats_kit.admin.subscribe("dspex-tool.general.call.add-up", cb=on_call)
    await log.register(program("add-up", "numbers: list[int] -> sum: int", python("nowhere")))
    definition = program(entry, "numbers: list[int] -> sum: int, twice: int", python(entry))
    await log.register(definition)
    result = await log.run(definition, {"numbers": [2**70, 1]})
    await gateway.unsubscribe()
    assert result["outputs"] == {"sum": 2**70 + 1, "twice": 2**71 + 2}


async def test_best_of_n_keeps_what_the_users_reward_likes_or_what_keeps_the_constraints(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    reward = program("best", SIGNATURE, dspy("BestOfN", parameters={"n": 3, "reward": "short-is-good"}))
    await log.register(reward)
    model.answers = [says({"answer": "elephant"}), says({"answer": "ant"})]
    result = await log.run(reward, {"question": "an animal?"})
    assert result["outputs"] == {"answer": "ant"}
    assert [request["temperature"] for request in model.requests] == [1.0, 1.0]

    valid = program("valid", SIGNATURE, dspy("BestOfN", parameters={"n": 3}))
    await log.register(valid)
    model.answers = [says({"answer": "x" * 30}), says({"answer": "fits"})]
    assert (await log.run(valid, {"question": "?"}))["outputs"] == {"answer": "fits"}


async def test_demos_and_adapters_shape_the_prompt(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    demos = [{"inputs": {"question": "capital of Peru?"}, "outputs": {"answer": "Lima"}}]
    definition = program("demos", SIGNATURE, dspy("ChainOfThought", demos=demos))
    await log.register(definition)
    model.answers = [says({"reasoning": "r", "answer": "a"})]
    await log.run(definition, {"question": "?"})
    assert "Lima" in json.dumps(model.requests[0]["messages"])

    chat = program("chat", SIGNATURE, dspy("Predict", adapter="chat"))
    await log.register(chat)
    model.answers = [says({})]
    model.answers[0].text = "[[ ## answer ## ]]\nParis\n\n[[ ## completed ## ]]"
    assert (await log.run(chat, {"question": "?"}))["outputs"] == {"answer": "Paris"}


async def test_demos_are_told_by_dspys_names_and_in_dspys_values(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    demos = [
        {
            "inputs": {"self": "Ada", "day": "2026-11-24"},
            "outputs": {"config": {"raw": {"$bytes": "/wA="}, "at": "2026-11-24T05:36:00Z"}},
        }
    ]
    signature = "self: str, day: date -> config: {raw: bytes, at: datetime}"
    definition = program("kept-names", signature, dspy("Predict", demos=demos))
    await log.register(definition)
    made = {"config_": {"raw": "AQI=", "at": "2026-01-01T00:00:00Z"}}
    model.answers = [says(made)]
    result = await log.run(definition, {"self": "Bob", "day": "2026-01-02"})
    assert result["outputs"] == {"config": {"raw": {"$bytes": "AQI="}, "at": "2026-01-01T00:00:00Z"}}
    prompt = "".join(str(message["content"]) for message in model.requests[0]["messages"])
    for told in ("Ada", "2026-11-24", '"config_"', "/wA=", "2026-11-24T05:36:00Z"):
        assert told in prompt


async def test_a_demos_image_must_be_everybodys(pool: PoolProcess, log: Log) -> None:
    ref = {"bucket": "b", "key": "u/k", "sizeBytes": 1, "sha256": "0" * 64, "contentType": "image/png"}
    demos = [{"inputs": {"pictures": [{"$image": {"ref": ref}}]}, "outputs": {"answer": "a cat"}}]
    definition = program("pictured", "pictures: list[Image] -> answer: str", dspy("Predict", demos=demos))
    await log.register(definition)
    error = await log.run_failing(definition, {"pictures": []})
    assert error["code"] == "module_not_found"
    assert "demo 0: its image is an object of one user" in error["message"]


async def test_a_sessions_earlier_turns_are_told_to_the_model(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    definition = program("chatty", SIGNATURE, dspy("Predict"))
    await log.register(definition)
    history = [{"inputs": {"question": "capital of Chad?"}, "outputs": {"answer": "N'Djamena"}}]
    model.script = helpful
    result = await log.run(definition, {"question": "and of France?"}, session="s1", history=history)
    assert result["outputs"] == {"answer": "Paris"}
    assert result["session"] == "s1"
    assert "N'Djamena" in json.dumps(model.requests[0]["messages"])


async def test_a_users_module_of_several_calls_runs_with_its_own_model(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    definition = program("qa-twice", "question: str -> answer: str", python("qa-twice"))
    await log.register(definition)
    model.answers = [says({"draft": "d"}), says({"reasoning": "r", "answer": "Paris"})]
    result = await log.run(definition, {"question": "?"})
    assert result["outputs"] == {"answer": "Paris"}
    assert [request["model"] for request in model.requests] == ["other-1", "other-1"]
    assert result["usage"]["inputTokens"] == 22


async def test_users_exceptions_and_wrong_returns_are_told_without_keys(pool: PoolProcess, log: Log) -> None:
    breaks = program("breaks", "text: str -> shout: str", python("breaks"))
    await log.register(breaks)
    error = await log.run_failing(breaks, {"text": "x"})
    assert error["code"] == "internal"
    assert error["message"] == "ValueError: cannot shout 'x' with [redacted]"
    half = program("half", "text: str -> shout: str, length: int", python("half"))
    await log.register(half)
    error = await log.run_failing(half, {"text": "x"})
    assert (error["code"], error["path"]) == ("output_invalid", "outputs.length")


async def test_modules_are_announced_with_what_is_broken() -> None:
    heard: list[dict[str, Any]] = []

    async def on_modules(message: Any) -> None:
        heard.append(json.loads(message.data))
        await message.respond(b"{}")

    async with running_nats() as nats:
        await nats.admin.subscribe("dspex-pool.general.modules", cb=on_modules)
        async with pool_process(nats, *MODULES) as pool:
            ready = await pool.ready()
            await pool.until(lambda: any("announced" in line["message"] for line in pool.logged))
    assert ready["modules"] == sorted(one["name"] for one in heard[0]["modules"])
    assert "never" not in ready["modules"]
    twice = next(one for one in heard[0]["modules"] if one["name"] == "qa-twice")
    assert twice == {
        "name": "qa-twice",
        "signature": program("x", "question: str -> answer: str")["signature"],
        "kind": "module",
        "description": "Drafts, then answers.",
        "model": "other",
    }
    assert heard[0]["errors"] == [{"file": "broken.py", "message": "line 11: RuntimeError: half way"}]
    assert any("broken.py is not loaded" in line["message"] for line in pool.logged)


async def test_a_new_version_runs_as_soon_as_it_is_registered_and_the_old_one_still_does(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.script = helpful
    first = program("hot", SIGNATURE, dspy("Predict"))
    second = program("hot", SIGNATURE, dspy("ChainOfThought"))
    await log.register(first)
    await log.run(first, {"question": "?"})
    await log.register(second)
    assert (await log.run(second, {"question": "?"}))["implementation"] == "chainofthought"
    assert (await log.run(first, {"question": "?"}))["implementation"] == "predict"

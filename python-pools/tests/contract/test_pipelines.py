"""Pipelines that both languages build: the other half is services/client/pipelines/shared-cases.ts."""

import json
from pathlib import Path
from typing import Any

import pytest

from dspex import DspexError, pipeline
from dspex.pipelines import (
    Graph,
    Outputs,
    PipelineBuilder,
    Retry,
    all_of,
    expr,
    first,
    length,
    program,
    undo,
)

FIXTURE = Path(__file__).parents[3] / "schemas" / "fixtures" / "pipelines.json"
EXPECTED: dict[str, Any] = json.loads(FIXTURE.read_text("utf-8"))

# region builder
search = program("search", "query: str, limit: int = 3 -> passages: list[{text: str, score: float}]")
summarize = program("summarize", "text: str -> summary: str")
compose = program("compose", "question: str, notes: list[str] -> answer: str")
check = program("check", "answer: str -> supported: bool, score: float, problem: str | None")
refine = program("refine", "draft: str, problem: str | None -> answer: str")


@pipeline(
    "research",
    '"Answers from a library." question: str, limit: int = 5 -> answer: str, notes: list[str]',
    description="Retrieves, summarises, answers, checks.",
    concurrency=8,
    deadline_ms=60_000,
)
def research(p: PipelineBuilder) -> dict[str, Any]:
    found = p.call("retrieve", search, {"query": p.inputs.question, "limit": p.inputs.limit})
    notes = p.map(
        "notes",
        found.passages,
        lambda passage, q: q.call("note", summarize, {"text": passage.text}),
        concurrency=4,
    )
    draft = p.call("draft", compose, {"question": p.inputs.question, "notes": notes.summary}, stream=True)
    checked = p.call("check", check, {"answer": draft.answer})
    better = p.call(
        "better", refine, {"draft": draft.answer, "problem": checked.problem}, when=~checked.supported
    )
    return {"answer": first(better.answer, draft.answer), "notes": notes.summary}


# endregion

with pipeline("child", "text: str -> summary: str") as building:
    building.outputs(building.call("sum", summarize, {"text": building.inputs.text}))
child = building.done


@pipeline("everything", "text: str, mode: str, n: int -> out: str")
def everything(p: PipelineBuilder) -> dict[str, Any]:
    text, mode, n = p.inputs.text, p.inputs.mode, p.inputs.n
    routed = p.switch(
        "route",
        mode,
        {
            "short": lambda q: q.call("short", summarize, {"text": text}),
            "plain": lambda _q: {"summary": text},
        },
        lambda q: q.call("other", summarize, {"text": text}, prefer="quality"),
    )
    either = p.when(
        "either",
        all_of(n < 3, ~(mode == 'a "b" \\')),
        lambda _q: {"x": 1},
        lambda q: q.value("made", {"x": n * 2}),
    )

    def polish(loop: Outputs, q: Graph) -> dict[str, Any]:
        again = q.call("again", refine, {"draft": loop.draft, "problem": None})
        looked = q.call("look", check, {"answer": again.answer})
        return {"draft": again.answer, "score": looked.score, "round": loop.iteration}

    polished = p.loop(
        "polish",
        {"draft": routed.summary},
        polish,
        max=3,
        until=lambda now: (now.score >= 0.8) | (now.round == 2),
    )
    raced = p.race(
        "fastest",
        {
            "small": lambda q: q.call("s", summarize, {"text": polished.draft}),
            "large": (500, lambda q: q.call("l", summarize, {"text": polished.draft})),
        },
    )
    pause = p.delay("pause", expr("{} * 1000", n))
    review = p.signal("review", "stars: int(ge=1, le=5), note: str | None", timeout_ms=60_000, after=[pause])
    p.approval("sign", signal="boss", keep=True)
    inner = p.pipeline("inner", child, {"text": raced.summary}, version="0123456789abcdef")
    counted = p.map(
        "counted",
        ["a", text],
        lambda item, q, index: q.value(
            "each", {"item": item, "at": index, "known": {"list": [item, None, True, 1.5]}}
        ),
        on_item_failure="skip",
    )
    last = p.call(
        "last",
        summarize,
        {"text": inner.summary},
        description="what comes last",
        timeout_ms=5_000,
        retry=Retry(times=2, delay_ms=100, factor=2, max_delay_ms=1_000, jitter=0.5),
        on_failure={"summary": "none"},
        compensate=lambda own: undo(check, {"answer": own.summary}),
        version="v1",
        priority=7,
        variables={"temperature": 0.5},
        deadline_ms=30_000,
    )
    spare = p.call(
        "spare",
        summarize,
        {"text": p.run.id},
        on_failure=lambda q: q.call("instead", summarize, {"text": "x"}),
    )
    p.value(
        "sums",
        {
            "n": length(counted.item),
            "stars": review.stars,
            "either": either.x,
            "looksLike": {"$from": "nothing"},
        },
        keep=True,
    )
    return {"out": first(last.summary, spare.summary)}


@pytest.mark.parametrize("built", [research, child, everything], ids=lambda built: built.name)
def test_is_what_the_fixture_says(built):
    assert built.definition == EXPECTED[built.name]


def test_every_case_is_built_here():
    assert {research.name, child.name, everything.name} == set(EXPECTED)


def _of(build: Any) -> dict[str, Any]:
    def whole(p: PipelineBuilder) -> dict[str, Any]:
        build(p)
        return {"answer": ""}

    return pipeline("p1", "question: str, limit: int = 3 -> answer: str")(whole).definition


def _leaked_item(p: PipelineBuilder) -> None:
    leaked: list[Any] = []

    def body(item: Any, _q: Graph) -> dict[str, Any]:
        leaked.append(item)
        return {"x": item}

    p.map("m", ["a"], body)
    p.value("h", {"leaked": leaked[0]})


REFUSED = [
    (
        "a name twice",
        lambda p: [p.value("a", {"n": 1}), p.value("a", {"n": 1})],
        'stage "a": there is one of this name already',
    ),
    (
        "a name of a graph around",
        lambda p: [p.value("a", {"n": 1}), p.map("m", [1], lambda _i, q: q.value("a", {"n": 1}))],
        'stage "a": there is one of this name already',
    ),
    (
        "a name of a body inside",
        lambda p: [p.map("m", [1], lambda _i, q: q.value("a", {"n": 1})), p.value("a", {"n": 1})],
        'stage "a": there is one of this name already',
    ),
    ("a reserved name", lambda p: p.value("inputs", {"n": 1}), "this name means something else"),
    ("no name", lambda p: p.value("a-b", {"n": 1}), "a name has letters"),
    (
        "an output that is not there",
        lambda p: p.call("c", summarize, {"text": "x"}).no,
        'stage "c" has no output "no": it has "summary"',
    ),
    (
        "an input that is not there",
        lambda p: p.call("c", summarize, {"texts": "x"}),
        'stage "c": "summarize" has no input "texts": it has text',
    ),
    (
        "an input that is missing",
        lambda p: p.call("c", summarize, {}),
        'stage "c": input "text" of "summarize" is missing',
    ),
    (
        "a stage for a value",
        lambda p: p.call("d", summarize, {"text": p.value("e", {"n": 1})}),
        'd.inputs.text: "e" is a stage: name the output of it',
    ),
    ("a reference as a text", lambda p: f"{p.inputs.question}", '"inputs.question" has no value yet'),
    ("a reference as a condition", lambda p: p.inputs.question and 1, "combine conditions with & | ~"),
    ("a reference as a list", lambda p: list(p.inputs.question), "go through a list with p.map"),
    (
        "what no JSON holds",
        lambda p: p.value("g", {"f": object()}),
        "g.outputs.f: object is no value that can be stored",
    ),
    ("an item outside of its map", _leaked_item, '"item" is inside of stage "m": return it from its body'),
]


@pytest.mark.parametrize(
    ("build", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused(build, message):
    with pytest.raises(DspexError) as raised:
        _of(build)
    assert raised.value.code == "invalid_inputs"
    assert message in raised.value.message


def test_outputs_are_those_of_the_signature():
    with pytest.raises(DspexError, match='pipeline "p" has no output "x": it has b'):
        pipeline("p", "a -> b")(lambda p: {"x": p.inputs.a})
    with pytest.raises(DspexError, match='output "b" of pipeline "p" is missing'):
        pipeline("p", "a -> b")(lambda _p: {})
    with pytest.raises(DspexError, match="gives nothing"), pipeline("p", "a -> b"):
        pass


def test_a_block_that_raises_gives_its_own_error():
    with pytest.raises(ZeroDivisionError), pipeline("p", "a -> b"):
        _ = 1 // 0

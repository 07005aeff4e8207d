"""A user's module for the tests of traces: a tool, a function that fails, one that traces itself."""

import logging

from opentelemetry import trace

import dspex


@dspex.tool
def population(city: str) -> int:
    """How many people live in a city."""
    return {"Paris": 2_100_000}[city]


@dspex.program("raises", signature="question: str -> answer: str")
def raises(question: str) -> str:
    try:
        return {}[question]
    except KeyError as error:
        raise ValueError(f"nobody knows {question}") from error


# region module
@dspex.program("speaks", signature="question: str -> answer: str")
def speaks(question: str) -> str:
    print("thinking about it")
    logging.getLogger("traced").warning("still thinking")
    with trace.get_tracer("traced").start_as_current_span("look it up"):
        return question[::-1]


# endregion module

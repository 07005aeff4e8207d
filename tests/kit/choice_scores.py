"""Scores choices as optimisations do, for a test that compares them with the native calls: a job as JSON on
standard input, the label and the scores of each input as JSON on standard output.
"""

import json
import sys

from dspex_pool.optimize.calibrate import among_labels, means_of, pick, weighed
from dspex_pool.optimize.completion_server import CompletionServer
from dspex_pool.optimize.prompts import completion

job = json.load(sys.stdin)
server = CompletionServer(job["baseUrl"], None, 10.0)
ways = [job["choice"], *job["choice"].get("more", [])]


def asked(way: dict, inputs: dict[str, str]) -> tuple[float, ...]:
    words = [way.get("words", {}).get(label, label) for label in job["labels"]]
    return among_labels(server.score(completion(way["prompt"], inputs), words, lambda *_: None))


def likelihoods(inputs: dict[str, str]) -> tuple[float, ...]:
    return weighed([asked(way, inputs) for way in ways], [way.get("weight", 1) for way in ways])


offsets = job["choice"].get("offsets")
means = (
    means_of([likelihoods(inputs) for inputs in job["calibration"]])
    if offsets is None
    else tuple(offsets[label] for label in job["labels"])
)
told = [likelihoods(inputs) for inputs in job["inputs"]]
json.dump(
    [{"label": job["labels"][pick(one, means)], "scores": one} for one in told],
    sys.stdout,
)

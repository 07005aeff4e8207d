"""The configured language models as DSPy's LM objects: made once for each setting, shared by all attempts.

Each model is declared to DSPy as a provider of its own, because DSPy believes nothing about an unknown
endpoint: without the declared capability it would send no JSON schema, and small models would not keep the
format.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import dspy
from dspy.lm15 import (
    AccessPolicy,
    ModelSupport,
    OpenAIChatCompat,
    ProviderDefinition,
    RouterConfig,
    Timeouts,
    register_provider,
)
from dspy.utils.exceptions import LMConfigurationError

from dspex.config import Model, Models
from dspex.errors import DspexError
from dspex_pool.attempt_context import running_attempt
from dspex_pool.model_slots import ModelSlots
from dspex_pool.slot_engine import AsyncSlotEngine, SlotEngine

MAX_LMS: Final = 256
OPENAI_HOST: Final = "api.openai.com"
PER_MILLION: Final = 1_000_000
LEAST_REASONING_TOKENS: Final = 16_000
# AI SDK packages whose provider DSPy spells otherwise.
DSPY_PROVIDERS: Final = {"google": "gemini", "google-vertex": "vertex_ai", "amazon-bedrock": "bedrock"}


class AttemptLM(dspy.LM):  # type: ignore[misc]  # dspy has no types
    """Refuses to call the model for an attempt that is over or has spent its budget."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        with _checked():
            return super().__call__(*arguments, **options)

    async def acall(self, *arguments: Any, **options: Any) -> Any:
        with _checked():
            return await super().acall(*arguments, **options)


@contextmanager
def _checked() -> Iterator[None]:
    attempt = running_attempt()
    if attempt is None:
        yield
        return
    try:
        attempt.check()
        with attempt.times.model_call():
            yield
    except Exception as error:
        attempt.last_model_error = error
        raise


class ModelRegistry:
    def __init__(self, models: Models | None, keys: dict[str, str]) -> None:
        # A list without models is none: functions that call no model run all the same.
        self._models = models if models is not None and models.models else None
        self._keys = keys
        self._bases: dict[str, AttemptLM] = {}
        self._lms: OrderedDict[tuple[str, float | None, int | None], AttemptLM] = OrderedDict()
        self._by_lm_name: dict[str, Model] = {}
        self._lm_names: dict[str, str] = {}
        self._definitions: dict[str, ProviderDefinition] = {}
        self._slot_engines: list[AsyncSlotEngine] = []
        # By address: two models of one server share its slots.
        self._slots: dict[str, ModelSlots] = {}
        if models is not None:
            for number, (name, model) in enumerate(models.models.items()):
                self._lm_names[name] = lm_name = self._declare(number, name, model)
                self._by_lm_name[lm_name] = model

    def lm(
        self, name: str | None = None, temperature: float | None = None, max_tokens: int | None = None
    ) -> AttemptLM | None:
        """None only where no model is configured at all. @raises DspexError for a name that is not
        configured.
        """
        if self._models is None:
            if name is not None:
                raise DspexError("lm_rejected", f'model "{name}" is not configured: there are no models')
            return None
        name = name or self._models.default
        model = self._models.models.get(name)
        if model is None:
            known = ", ".join(sorted(self._models.models))
            raise DspexError("lm_rejected", f'model "{name}" is not configured, there are: {known}')
        key = (name, temperature, max_tokens)
        found = self._lms.get(key)
        if found is None:
            self._lms[key] = found = _variant(self._base(name, model), temperature, max_tokens)
            if len(self._lms) > MAX_LMS:
                self._lms.popitem(last=False)
        self._lms.move_to_end(key)
        return found

    def price(self, lm_name: str, input_tokens: int, output_tokens: int) -> float | None:
        model = self._by_lm_name.get(lm_name)
        if model is None or model.price is None:
            return None
        spent = (
            input_tokens * model.price.input_per_million_usd
            + output_tokens * model.price.output_per_million_usd
        )
        return spent / PER_MILLION

    def described(self, lm_name: str) -> tuple[str, str]:
        """Provider and model as traces name them, the same in every part."""
        model = self._by_lm_name.get(lm_name)
        if model is None:
            provider, _, name = lm_name.partition("/")
            return provider, name
        return model.provider.removeprefix("@ai-sdk/"), model.model

    async def close(self) -> None:
        for lm in self._bases.values():
            await lm.aclose()
        for engine in self._slot_engines:
            await engine.aclose()

    def _declare(self, number: int, name: str, model: Model) -> str:
        """Returns DSPy's name of the model."""
        if model.dspy_model is not None:
            return model.dspy_model
        if model.base_url is None:
            provider = model.provider.removeprefix("@ai-sdk/")
            return f"{DSPY_PROVIDERS.get(provider, provider)}/{model.model}"
        # The number keeps names apart that differ in "_" and "-" alone, which DSPy takes for the same.
        provider = f"dspex-{number}-{re.sub('[^a-z0-9-]', '-', name.lower())}"
        preset = "openai" if OPENAI_HOST in model.base_url else "vllm"
        self._definitions[name] = definition = ProviderDefinition.chat(
            AccessPolicy(provider=provider, env_keys=(), base_url=model.base_url),
            compat=OpenAIChatCompat.preset(preset),
            placeholder_key="none",
        )
        register_provider(
            definition,
            supports=ModelSupport(
                response_schema=model.capabilities.response_schema,
                function_calling=model.capabilities.tools,
                reasoning=False,
            ),
            replace=True,
        )
        return f"{provider}/{model.model}"

    def _base(self, name: str, model: Model) -> AttemptLM:
        """Owns the connections that all variants of the model share."""
        base = self._bases.get(name)
        if base is None:
            base = self._bases[name] = self._make(name, model)
        return base

    def _make(self, name: str, model: Model) -> AttemptLM:
        key = self._keys.get(name)
        if key is None and model.api_key_env is not None:
            raise DspexError("lm_auth", f'model "{name}" needs a key: {model.api_key_env} is not set')
        options: dict[str, Any] = {
            # The bus retries, where everybody sees it; a retry in here would be silent and paid.
            "num_retries": 0,
            "cache": False,
            **self._engine(name, model, key),
        }
        try:
            return AttemptLM(self._lm_names[name], max_tokens=model.max_tokens, **options)
        except LMConfigurationError:
            # OpenAI's reasoning models think within their output, and DSPy refuses a short one.
            return AttemptLM(self._lm_names[name], max_tokens=LEAST_REASONING_TOKENS, **options)

    def _engine(self, name: str, model: Model, key: str | None) -> dict[str, Any]:
        """How DSPy reaches the model's server."""
        timeout_s = model.timeout_ms / 1_000
        definition = self._definitions.get(name)
        if definition is None or model.cache_slots is None:
            return {"engine": "lm15", "timeout": timeout_s, **({} if key is None else {"api_key": key})}
        config = RouterConfig(
            api_keys=None if key is None else {definition.id: key},
            timeouts=Timeouts(read=timeout_s, write=timeout_s, pool=timeout_s),
            providers=(definition,),
        )
        slots = self._slots.setdefault(model.base_url or "", ModelSlots(model.cache_slots))
        engine = AsyncSlotEngine(config, slots)
        self._slot_engines.append(engine)
        return {"engine": SlotEngine(config, slots, model.capabilities), "async_engine": engine}


def _variant(base: AttemptLM, temperature: float | None, max_tokens: int | None) -> AttemptLM:
    changes: dict[str, Any] = {}
    if temperature is not None:
        changes["temperature"] = temperature
    if max_tokens is not None:
        changes["max_completion_tokens" if "max_completion_tokens" in base.kwargs else "max_tokens"] = (
            max_tokens
        )
    variant: AttemptLM = base.copy(**changes) if changes else base
    return variant

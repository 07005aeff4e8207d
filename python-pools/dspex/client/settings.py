"""Where an application's connection settings come from: what it passes, else the environment, else the home
folder of a system that runs on this machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dspex.errors import DspexError
from dspex.subjects import token
from dspex.wire_json import WireJsonError, loads

DEFAULT_URL = "nats://127.0.0.1:4222"
DEFAULT_USER = "local"


@dataclass(frozen=True, slots=True)
class Settings:
    url: str
    # The user token: account and first token of every id.
    user: str
    password: str = field(repr=False)


def find_settings(
    url: str | None = None,
    user: str | None = None,
    password: str | None = None,
    home: str | Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """Raises `not_allowed` when no password is to be found."""
    env = os.environ if env is None else env
    folder = _home(home, env)
    name = token(user or env.get("NATS_USER") or DEFAULT_USER, "user")
    address = url or env.get("NATS_URL") or _url_of(folder) or DEFAULT_URL
    secret = password or env.get("NATS_PASSWORD") or _password_of(folder, name)
    if secret is None:
        raise DspexError(
            "not_allowed",
            f'no password for user "{name}": set NATS_USER and NATS_PASSWORD, '
            "or start the system here with `npm start`",
        )
    return Settings(address, name, secret)


def _home(given: str | Path | None, env: Mapping[str, str]) -> Path | None:
    chosen = given or env.get("DSPEX_HOME")
    if chosen is not None:
        return Path(chosen)
    here = Path.cwd()
    return next((place / ".dspex" for place in (here, *here.parents) if (place / ".dspex").is_dir()), None)


def _password_of(home: Path | None, user: str) -> str | None:
    users = _read(home, "credentials.json").get("users")
    for entry in users if isinstance(users, list) else []:
        if isinstance(entry, dict) and entry.get("name") == user and isinstance(entry.get("password"), str):
            return str(entry["password"])
    return None


def _url_of(home: Path | None) -> str | None:
    """As `dspex up` wrote it, or the server that it runs."""
    url = _read(home, "up.json").get("natsUrl") or _read(home, "nats/server.json").get("url")
    return url if isinstance(url, str) else None


def _read(home: Path | None, file: str) -> dict[str, Any]:
    if home is None:
        return {}
    try:
        content = loads((home / file).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, WireJsonError) as error:
        raise DspexError("not_allowed", f"cannot read {home / file}: {error}") from error
    return content if isinstance(content, dict) else {}

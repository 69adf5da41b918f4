"""Where to send and as whom: flags first, then the environment, then what `manage.py up` wrote into DATA_DIR/up.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLES = {"url": "ONEC_URL", "login": "ONEC_LOGIN", "password": "ONEC_PASSWORD"}
KEYS = {"url": "exchange_url", "login": "login", "password": "password"}


@dataclass(frozen=True, slots=True)
class Connection:
    url: str
    login: str
    password: str


def find(url: str | None, login: str | None, password: str | None, environment: Mapping[str, str] = os.environ) -> Connection:
    """Each part from its flag, else its variable, else up.json; raises ValueError naming what is missing and where to put it."""
    given = {"url": url, "login": login, "password": password}
    written = _written(Path(environment.get("DATA_DIR", ".data")) / "up.json")
    found = {part: value or environment.get(VARIABLES[part]) or written.get(KEYS[part], "") for part, value in given.items()}
    missing = [part for part, value in found.items() if not value]
    if missing:
        ways = ", ".join(f"--{part} or {VARIABLES[part]}" for part in missing)
        raise ValueError(f"no {' and no '.join(missing)}: give {ways}, or start `manage.py up`, which writes DATA_DIR/up.json")
    return Connection(found["url"], found["login"], found["password"])


def _written(path: Path) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}

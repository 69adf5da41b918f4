"""Causes of problems in plain words: what happened, why it matters, what to do.

The exchange stores a code and facts (exchange/reports.py); these tables make the text when it is read, in the reader's language.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from b24app.pages.causes.documents import DOCUMENTS
from b24app.pages.causes.general import GENERAL, TROUBLE_UNKNOWN, TROUBLES, UNKNOWN
from b24app.pages.causes.goods import GOODS
from b24app.pages.causes.parties import PARTIES
from b24app.pages.causes.words import Cause, Text

__all__ = ["CAUSES", "TROUBLES", "Cause", "Text", "cause", "detail", "title", "trouble"]

CAUSES: dict[str, Cause] = {**GENERAL, **GOODS, **DOCUMENTS, **PARTIES}


def cause(code: str) -> Cause:
    """The texts of that cause; an unlisted code gets general words."""
    return CAUSES.get(code, UNKNOWN)


def title(code: str, count: int) -> str:
    """The cause as a heading, with the number of objects in correct plural."""
    return str(cause(code).title % {"count": count})


def detail(code: str, facts: Mapping[str, Any]) -> str:
    """What is special about one object: our sentence where the facts allow it, then the words of the portal if there are any."""
    parts = []
    template = cause(code).detail
    if template:
        with contextlib.suppress(KeyError):
            parts.append(str(template) % {name: str(value) for name, value in facts.items()})
    said = next((str(facts[name]) for name in ("answer", "message", "description") if facts.get(name)), "")
    if said and said not in parts:
        parts.append(said)
    return " · ".join(parts)[:500]


def trouble(code: str) -> str:
    """Why the portal cannot be called, as a sentence ("" for no trouble)."""
    if not code:
        return ""
    return str(TROUBLES[code]) if code in TROUBLES else str(TROUBLE_UNKNOWN) % {"code": code}

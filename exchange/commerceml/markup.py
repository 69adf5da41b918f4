"""XML as text, for 1C's readers: nothing empty, no comments, no CDATA, no character that XML or 1C cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# What XML 1.0 forbids, other controls, and the byte order mark that would stand in the middle.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
# Of texts that 1C keeps in attributes of unlimited length; short ones say their own limit.
LONGEST: Final = 4000


def clean(text: str, limit: int = LONGEST, *, lines: bool = False) -> str:
    """The text without control characters, blanks in one, stripped and cut to `limit` characters; `lines` keeps line ends."""
    if text.isprintable() and "  " not in text:
        return text[:limit].strip() if len(text) > limit else text.strip()
    text = _FORBIDDEN.sub(" ", text)
    text = "\n".join(" ".join(line.split()) for line in text.splitlines()) if lines else " ".join(text.split())
    return text.strip()[:limit].rstrip()


def leaf(name: str, text: str, attributes: Iterable[tuple[str, str]] = ()) -> str:
    """An element with this (clean) text; nothing for no text."""
    if not text:
        return ""
    said = "".join([f' {key}="{_escaped(value)}"' for key, value in attributes if value]) if attributes else ""
    return f"<{name}{said}>{_escaped(text)}</{name}>"


def element(name: str, *parts: str) -> str:
    """An element around its parts; nothing when all of them are nothing: an empty element is an object to 1C's untyped readers."""
    body = "".join(parts)
    return f"<{name}>{body}</{name}>" if body else ""


def opening(name: str, attributes: Iterable[tuple[str, str]]) -> str:
    """The opening tag alone."""
    return f"<{name}" + "".join(f' {key}="{_escaped(value)}"' for key, value in attributes) + ">"


def _escaped(text: str) -> str:
    for sign, name in _ESCAPES:
        if sign in text:
            text = text.replace(sign, name)
    return text

"""Writes XML the way 1C's own writer lays it out: tabs, one element a line, and nothing clever."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(value: str) -> str:
    """Text fit for an element; 1C drops the characters XML forbids."""
    return _ILLEGAL.sub("", value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(value: str) -> str:
    return escape(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


class Xml:
    """One growing document. `skip_empty` makes it leave out elements without content, as the oldest writers do."""

    def __init__(self, *, skip_empty: bool = False) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._skip_empty = skip_empty

    @contextmanager
    def inside(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """Everything written within lands inside `name`; an element that stays empty is written as <name/> or skipped."""
        place = len(self._lines)
        self._line(f"<{name}{_written(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        if len(self._lines) > place + 1:
            self._line(f"</{name}>")
            return
        del self._lines[place:]
        if attributes or not self._skip_empty:
            self._line(f"<{name}{_written(attributes)}/>")

    def leaf(self, name: str, value: str | None, attributes: Mapping[str, str] | None = None) -> None:
        """One element with text; None writes nothing, an empty text writes <name/> (or nothing with `skip_empty`)."""
        if value is None or (value == "" and self._skip_empty and not attributes):
            return
        head = f"<{name}{_written(attributes)}"
        self._line(f"{head}>{escape(value)}</{name}>" if value else f"{head}/>")

    def document(self, encoding: str = "utf-8", *, bom: bool = False, newline: str = "\n") -> bytes:
        """The finished file; characters outside the encoding become numeric references."""
        name = "UTF-8" if encoding == "utf-8" else encoding
        text = newline.join((f'<?xml version="1.0" encoding="{name}"?>', *self._lines))
        return (b"\xef\xbb\xbf" if bom else b"") + text.replace("\n", newline).encode(encoding, "xmlcharrefreplace")

    def _line(self, text: str) -> None:
        self._lines.append("\t" * self._depth + text)


def _written(attributes: Mapping[str, str] | None) -> str:
    return "".join(f' {key}="{escape_attribute(value)}"' for key, value in (attributes or {}).items())

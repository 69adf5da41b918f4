"""Errors in the shapes a Bitrix24 portal answers with.

`RestError` becomes `{"error": code, "error_description": text}` with its HTTP status; code may be a string, an empty
string or a number, just as the documented examples show.
"""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """A documented refusal of one method call."""

    def __init__(self, code: str | int, description: str = "", status: int = 400, **extra: Any) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON object a client receives."""
        return {"error": self.code, "error_description": self.description, **self.extra}


class CutConnection(Exception):
    """Ends the TCP connection without an answer."""


class CutAnswer(Exception):
    """Ends the TCP connection in the middle of an answer, which was announced in full."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class PlainAnswer(Exception):
    """An answer that is not JSON from REST: a redirect, an HTML page, a gateway's error."""

    def __init__(self, status: int, body: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def missing(parameter: str) -> RestError:
    """The refusal of a call that lacks a required parameter (code 100)."""
    return RestError(100, f"Could not find value for parameter {{{parameter}}}")


def wrong_type(parameter: str, value: Any, expected: str) -> RestError:
    """The refusal of a parameter of another type (code 100)."""
    return RestError(
        100, f"Invalid value {{{value}}} to match with parameter {{{parameter}}}. Should be value of type {expected}."
    )


def access_denied(code: str | int = "ACCESS_DENIED", text: str = "Access denied!", status: int = 403) -> RestError:
    """The refusal of a user without the right."""
    return RestError(code, text, status)

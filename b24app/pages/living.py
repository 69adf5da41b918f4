"""Parts of a page that live their own life: the page asks every few seconds, and gets only those that look different from what it has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def digest(html: str) -> str:
    """A short sign of how a part looks."""
    return hashlib.blake2s(html.encode(), digest_size=5).hexdigest()


def seen(parts: Mapping[str, str]) -> str:
    """What the page sends back to tell which parts (element id → HTML) it has, and how they look."""
    return ",".join(f"{name}:{digest(html)}" for name, html in parts.items())


def answer(request: HttpRequest, parts: Mapping[str, str], every: int) -> HttpResponse:
    """Only the parts that look different from those the page has (`seen`), and when to ask again; 204 when none does."""
    had = dict(pair.split(":", 1) for pair in str(request.GET.get("seen", "")).split(",") if ":" in pair)
    changed = {name: html for name, html in parts.items() if had.get(name) != digest(html)}
    if not changed and had.keys() == parts.keys():
        return HttpResponse(status=204)
    return HttpResponse(render_to_string("b24app/_live.html", {"changed": changed, "seen": seen(parts), "every": every}, request))

"""The guards that every request passes: the frame's token, CSRF, security headers, language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation

from b24app.frame import BadFrameToken, FrameUser, header_token, unsign

GetResponse = Callable[[HttpRequest], HttpResponseBase]
RENEWAL = "/b24/renew/"


class FrameToken:
    """Reads `Authorization: Frame …` into `request.frame_user`; a forged or old token is 401, never an anonymous visitor."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.frame_user = None  # type: ignore[attr-defined]
        token = header_token(request)
        # The renewal takes an old token: it judges by itself.
        if token and request.path != RENEWAL:
            try:
                request.frame_user = unsign(token)  # type: ignore[attr-defined]
            except BadFrameToken:
                return HttpResponse("The page is too old: it has to be renewed.", status=401, content_type="text/plain")
        return self.get_response(request)


class TokenAwareCsrf(CsrfViewMiddleware):
    """A header set by a script is no ambient credential, so its request needs no CSRF token; cookie users keep the full check."""

    def process_view(self, request: HttpRequest, callback: Any, args: Any, kwargs: Any) -> HttpResponseForbidden | None:
        if getattr(request, "frame_user", None) is not None:
            return None
        return super().process_view(request, callback, args, kwargs)


class FrameHeaders:
    """A strict policy on every page; only a page for a known portal (`request.portal_origin`) may be framed, by it alone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        origin = safe_origin(getattr(request, "portal_origin", ""))
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy(origin))
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not origin:
            headers.setdefault("X-Frame-Options", "DENY")
        return response


class Language:
    """The language of the frame's token; pages outside the frame follow the browser's Accept-Language. No cookie."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user: FrameUser | None = getattr(request, "frame_user", None)
        language = user.language if user else translation.get_language_from_request(request)
        # A view may activate another one (the entry learns the language late); it ends with the request.
        with translation.override(language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response


def policy(portal_origin: str) -> str:
    """The Content-Security-Policy: nothing inline, nothing from elsewhere, framed by `portal_origin` or by nobody ("")."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {portal_origin}".rstrip(),
            "base-uri 'none'",
            "object-src 'none'",
            "form-action 'self'",
            f"frame-ancestors {portal_origin or chr(39) + 'none' + chr(39)}",
        ]
    )


def safe_origin(origin: str) -> str:
    """The origin when it is one and nothing else: a space or a semicolon would add a rule of its own to the policy."""
    return origin if re.fullmatch(r"https?://[a-z0-9._-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?", origin) else ""

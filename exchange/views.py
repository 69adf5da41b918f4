"""The edge to 1C: any request in, always an answer that 1C can read out; no redirects, no error pages, never an empty body."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Final, cast
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from exchange import journal
from exchange.credentials import address, credentials
from exchange.handlers import Asked, Reply, reply
from exchange.protocol import defect, failure

log = logging.getLogger(__name__)

# A body that was refused is read to its end, up to so much: a client that is cut off while sending never sees the answer.
_DRAIN: Final = 64 * 1024 * 1024
_PARAMETERS: Final = ("type", "mode", "filename", "sessid", "version", "cmlVersion", "timestamp")


def straight_to_exchange(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, to stand first: a call of 1C goes to its view past everything that redirects, refuses hosts or sets cookies."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            match = resolve(request.path_info, urlconf="exchange.urls")
        except Resolver404:
            return get_response(request)
        return exchange(request, **match.kwargs)

    return middleware


@csrf_exempt
def exchange(request: HttpRequest, key: str = "") -> HttpResponseBase:
    """Answer a request of 1C: HTTP 200 and a keyword, whatever was asked and whatever goes wrong."""
    started = time.monotonic()
    stream, length = _body(request)
    query = _query(str(request.META.get("QUERY_STRING") or ""))
    asked = Asked(
        method=(request.method or "").upper(),
        type=query["type"].strip().lower(),
        mode=query["mode"].strip().lower(),
        credentials=credentials(request.META),
        stream=stream,
        length=length,
        file_name=query["filename"],
        sessid=query["sessid"].strip(),
        version=query["version"].strip(),
        cml_version=query["cmlVersion"].strip(),
        timestamp=query["timestamp"],
        key=key,
        address=address(request.META),
        agent=str(request.META.get("HTTP_USER_AGENT") or ""),
    )
    answered = _guarded(asked)
    _drain(stream, length)
    milliseconds = int((time.monotonic() - started) * 1000)
    journal.write(
        answered.base,
        journal.Request(asked.method, asked.type, asked.mode, asked.file_name, length or 0),
        answered.answer,
        milliseconds,
    )
    return _response(answered)


def _guarded(asked: Asked) -> Reply:
    """The reply; a defect of ours becomes a `failure` with a code that finds its traceback in the log."""
    try:
        return reply(asked)
    except Exception:
        code = secrets.token_hex(4)
        log.exception("support code %s: type=%r mode=%r", code, asked.type[:20], asked.mode[:20])
        return Reply(
            failure(defect(code)),
            "windows-1251",
            None,
        )


def _response(answered: Reply) -> HttpResponseBase:
    answer, encoding = answered.answer, answered.encoding
    if answer.status == 304:
        return HttpResponse(status=304)
    encoding = answer.charset or ("windows-1251" if answer.xml else encoding)
    kind = f"{'application/xml' if answer.xml else 'text/html'}; charset={encoding}"
    response: HttpResponseBase
    if answer.chunks is not None:
        response = StreamingHttpResponse(answer.chunks, content_type=kind, status=answer.status)
        response["Content-Length"] = str(answer.size)
    else:
        response = HttpResponse(answer.encoded(encoding), content_type=kind, status=answer.status)
        response["Content-Length"] = str(len(response.content))
    response["Pragma"] = "no-cache"
    response["Cache-Control"] = "no-store"
    return response


def _query(raw: str) -> Mapping[str, str]:
    """The parameters we know; bytes that are no UTF-8 are taken for the Windows code page. Anything unreadable is left out."""
    found = dict.fromkeys(_PARAMETERS, "")
    try:
        pairs = parse_qsl(
            raw[:8000].encode("latin-1", "replace").decode("utf-8", "surrogateescape"),
            True,
            errors="surrogateescape",
            max_num_fields=200,
        )
    except ValueError:
        return found
    for name, value in pairs:
        if name in found and not found[name]:
            try:
                found[name] = value.encode("utf-8", "surrogateescape").decode("utf-8")
            except UnicodeDecodeError:
                found[name] = value.encode("utf-8", "surrogateescape").decode("cp1251", "replace")
    # A file's name is judged as it came; the rest is kept in the database, which takes no NUL.
    return {name: value if name == "filename" else value.replace("\0", "") for name, value in found.items()}


def _body(request: HttpRequest) -> tuple[IO[bytes], int | None]:
    """The body and its length; None where the server itself knows the end (chunked, if the server says that it handles it)."""
    declared = str(request.META.get("CONTENT_LENGTH") or "").strip()
    if declared.isascii() and declared.isdecimal():
        return cast("IO[bytes]", request), int(declared[:15])
    if request.META.get("wsgi.input_terminated") and "chunked" in str(request.META.get("HTTP_TRANSFER_ENCODING") or "").lower():
        return cast("IO[bytes]", request.META["wsgi.input"]), None
    return BytesIO(), 0


def _drain(stream: IO[bytes], length: int | None) -> None:
    left = min(_DRAIN, _DRAIN if length is None else length)
    try:
        while left > 0 and (block := stream.read(min(left, 256 * 1024))):
            left -= len(block)
    except OSError:
        return

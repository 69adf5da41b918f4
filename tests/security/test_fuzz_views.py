"""Arbitrary requests: the exchange always answers in 1C's words, the doors of the portal never break, and neither has a defect."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import strategies as st

from b24app.oauth import admission
from exchange import guessing
from tests.security.fuzzing import fuzz
from tests.security.neighbours import Neighbour

pytestmark = pytest.mark.django_db

KEYWORDS = ("success", "failure", "progress", "zip=", "file_limit=", "<?xml", "finished", "sessid=")
ODD = st.one_of(
    st.sampled_from(
        ["", "import.xml", "../../etc/passwd", "a\0b", "%", "é" * 300, "import_files/1/2.jpg", "1cbitrix.zip", "'", "-1"]
    ),
    st.text(max_size=20),
)
QUERIES = st.fixed_dictionaries(
    {
        "type": st.one_of(st.sampled_from(["catalog", "sale", "get_catalog", "crm", "reference", "listen", "CATALOG"]), ODD),
        "mode": st.one_of(
            st.sampled_from(["checkauth", "init", "file", "import", "query", "success", "info", "deactivate", "complete"]), ODD
        ),
    },
    optional={"filename": ODD, "version": ODD, "cmlVersion": ODD, "timestamp": ODD, "sessid": ODD, "orderIDfrom": ODD},
)
BODIES = st.one_of(
    st.just(b""),
    st.binary(max_size=300),
    st.sampled_from(["<КоммерческаяИнформация/>".encode(), b"<a>", b"PK\x03\x04" + b"\0" * 40, b"<!DOCTYPE a>"]),
)

FIELDS = [
    "AUTH_ID", "REFRESH_ID", "DOMAIN", "member_id", "PLACEMENT", "PLACEMENT_OPTIONS", "LANG", "PROTOCOL", "APP_SID", "event",
    "data[FIELDS][ID]", "auth[application_token]", "auth[member_id]", "auth[domain]", "ts", "next", "status",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be woken stays asleep, and refusals count for one test only."""
    from celery.app.task import Task

    monkeypatch.setattr(admission, "PREFIX", f"test-{secrets.token_hex(6)}")
    monkeypatch.setattr(guessing, "PREFIX", f"test-{secrets.token_hex(6)}")
    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **kwargs: None)


@pytest.fixture
def defects() -> Iterator[list[str]]:
    """What was logged as our own failure."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Keep(logging.ERROR)
    loggers = [logging.getLogger(name) for name in ("", "django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield found
    for logger in loggers:
        logger.removeHandler(handler)


class TestExchange:
    @fuzz(0.2, query=QUERIES, body=BODIES, method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]), known=st.booleans())
    def test_answers_anything_in_the_words_of_1c(
        self, defects: list[str], query: dict[str, str], body: bytes, method: str, known: bool
    ):
        whose = _whose()
        headers = {"Authorization": "Basic " + base64.b64encode(f"{whose.base.login}:{whose.password}".encode()).decode()}
        client: Any = Client(raise_request_exception=True)
        client.cookies["PHPSESSID"] = whose.cookie
        asked = f"/1c/{whose.base.key}/?{urlencode(query, errors='replace')}"
        answer = client.generic(method, asked, body, "application/octet-stream", headers=headers if known else {})
        said = (
            (answer.getvalue() if answer.streaming else answer.content).decode("cp1251", "replace").lstrip("\ufeff\xef\xbb\xbf")
        )
        assert answer.status_code in (200, 304), (answer.status_code, said)
        assert method == "HEAD" or answer.status_code == 304 or said.startswith(KEYWORDS), said[:100]
        assert defects == []

    def test_takes_a_version_with_a_nul_for_one_without(self, defects: list[str]):
        whose = _whose()
        client = Client()
        client.cookies["PHPSESSID"] = whose.cookie
        asked = urlencode({"type": "catalog", "mode": "init", "cmlVersion": "2.0\0", "version": "3\0.1"})
        answer = client.get(f"/1c/{whose.base.key}/?{asked}")
        assert answer.content.startswith(b"zip=")
        assert defects == []


class TestDoors:
    @fuzz(
        0.1,
        path=st.sampled_from(["/b24/", "/b24/events/", "/b24/install/", "/b24/placement/", "/b24/renew/", "/accounts/login/"]),
        form=st.dictionaries(
            st.sampled_from(FIELDS),
            ODD,
        ),
        method=st.sampled_from(["GET", "POST"]),
    )
    def test_of_the_portal_refuse_anything_forged_without_breaking(
        self, defects: list[str], path: str, form: dict[str, str], method: str
    ):
        whose = _whose()
        client: Any = Client(raise_request_exception=False)
        text = urlencode(form, errors="replace")
        kind = "application/x-www-form-urlencoded"
        answer = client.get(f"{path}?{text}") if method == "GET" else client.post(path, text, content_type=kind)
        assert answer.status_code < 500, answer.status_code
        assert not any(secret in answer.content.decode("utf-8", "replace") for secret in whose.secrets())
        assert defects == []


_WHOSE: dict[str, Neighbour] = {}


@pytest.fixture(autouse=True)
def _one_portal(db: None) -> Iterator[None]:
    _WHOSE["it"] = Neighbour("FUZZED", 1_000_000)
    yield
    _WHOSE.clear()


def _whose() -> Neighbour:
    return _WHOSE["it"]

"""Nobody in: every address is asked, by an administrator of one portal, for what another portal has; new addresses are found here."""

from __future__ import annotations

import base64
import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from b24app import frame
from b24app.events import tasks as event_tasks
from b24app.pages import decision_state
from exchange import tasks as exchange_tasks
from exchange.models import Problem
from tests.security.neighbours import OWNER, Neighbour, tables

METHODS = ("get", "post", "put", "delete")
pytestmark = pytest.mark.usefixtures("nobody_works")


def addresses(
    resolver: URLResolver | None = None, prefix: str = "/", names: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every address of the URLconf but Django's admin: its pattern with {} for each place, and the names of the places."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            continue
        places = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
        text = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, prefix + text, names + places)
        elif isinstance(pattern, URLPattern):
            yield prefix + text, names + places


def filled(pattern: str, names: tuple[str, ...], whose: Neighbour) -> list[str]:
    """The address with that portal's ids in each of its places; KeyError for a place that neighbours.py does not know."""
    if pattern.startswith("/^"):
        word = pattern[2:].partition("(?P")[0].replace("\\", "").rstrip("/?$")
        return [f"/{word}/{key}/" for key in whose.ids("key")] if names else [f"/{word}"]
    found = []
    for values in itertools.product(*(whose.ids(name) for name in names)):
        path = pattern
        for name, value in zip(names, values, strict=True):
            head, _, rest = path.partition("<")
            assert rest.partition(">")[0].endswith(name)
            path = head + value + rest.partition(">")[2]
        found.append(path)
    return found


def every_address(whose: Neighbour) -> list[str]:
    return [path for pattern, names in addresses() for path in filled(pattern, names, whose)]


def frame_headers(whose: Neighbour, *, admin: bool = True) -> dict[str, str]:
    elements = ((2, 7), (4, 7))
    token = frame.sign(frame.FrameUser(whose.portal.pk, 1, admin, "en", "sid", elements))
    return {"Authorization": f"Frame {token}", "HX-Request": "true"}


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def ask(method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answer: Any = (
        getattr(client, method)(path, form, headers=headers)
        if method in ("get", "post")
        else getattr(client, method)(path, headers=headers)
    )
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.status_code == 302:
        # The sign-in says again what was asked; it leads nowhere else.
        assert str(answer["Location"]).startswith(("/accounts/login/?next=/", "/accounts/bitrix24/"))
        del answer["Location"]
    return answer.status_code, body.decode("utf-8", "replace") + str(dict(answer.headers))


class TestWalk:
    def test_knows_the_owner_of_every_table(self):
        assert set(tables()) == set(OWNER)

    def test_fills_every_address_with_ids_that_are_really_there(self, theirs: Neighbour):
        paths = every_address(theirs)
        assert len(paths) > 40
        assert any(f"/bases/{theirs.base.pk}/remove/" in path for path in paths)
        # Asked by their own administrator they open: the walk below would see what it must not.
        status, text = ask("get", f"/b24/journal/onec-{theirs.request.pk}/", {}, frame_headers(theirs))
        assert status == 200
        assert theirs.word in text

    @pytest.mark.parametrize("method", METHODS)
    def test_as_another_portals_administrator_shows_and_changes_nothing_of_it(
        self, method: str, ours: Neighbour, theirs: Neighbour
    ):
        before = theirs.rows()
        form, headers = theirs.form(), frame_headers(ours)
        form.pop("text")  # a search says again what was looked for
        for path in every_address(theirs):
            status, text = ask(method, path, form, headers)
            assert status < 500 or path == "/health/ready", (method, path, status)
            for word in theirs.secrets():
                assert word not in text.replace(path, ""), (method, path, word)
            if (
                any(
                    name in path
                    for name in (
                        f"/bases/{theirs.base.pk}/",
                        f"/setup/{theirs.base.pk}/",
                        "/problems/",
                        "/journal/",
                        "/matching/",
                    )
                )
                and "/causes/" not in path
            ):
                ids_in_path = path.rstrip("/").rsplit("/", 1)[-1] not in ("journal", "download", "matching")
                assert not ids_in_path or status in (401, 403, 404, 405), (method, path, status)
        assert theirs.rows() == before

    @pytest.mark.parametrize("method", METHODS)
    def test_as_nobody_opens_nothing(self, method: str, theirs: Neighbour):
        before = theirs.rows()
        for path in every_address(theirs):
            status, text = ask(method, path, theirs.form() | {"text": ""}, {})
            assert status < 500 or path == "/health/ready", (method, path, status)
            assert not any(secret in text.replace(path, "") for secret in theirs.secrets()), (method, path)
        assert [rows for name, rows in theirs.rows().items() if name != "ExchangeRequest"] == [
            rows for name, rows in before.items() if name != "ExchangeRequest"
        ]

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_as_an_employee_of_the_portal_itself_changes_no_base_and_opens_no_journal(self, method: str, theirs: Neighbour):
        headers = frame_headers(theirs, admin=False)
        for path in every_address(theirs):
            if path.startswith(("/b24/bases/", "/b24/problems/", "/b24/journal/")):
                assert ask(method, path, theirs.form(), headers)[0] in (403, 405), (method, path)


class TestOddInput:
    @pytest.mark.parametrize(
        ("method", "path", "form"),
        [
            ("get", "/b24/journal/", {"text": "a\0b"}),
            ("get", "/b24/journal/", {"since": "0001-01-01T00:00"}),
            ("get", "/b24/journal/", {"before": "0001-01-01T00:00:00+14:00/onec-1"}),
            ("get", "/b24/journal/download/", {"text": "a\0b"}),
            ("get", "/b24/journal/onec-9999999999999999999/", {}),
            ("get", "/b24/bases/99999999999999999999999/", {}),
            ("post", "/b24/problems/causes/a%00b/note/", {}),
            ("post", "/b24/problems/causes/a%00b/retry/", {}),
            ("get", "/b24/overview/live/", {"shown": "9" * 5000}),
        ],
    )
    def test_of_a_proved_person_is_no_defect(self, ours: Neighbour, method: str, path: str, form: dict[str, str]):
        assert ask(method, path, form, frame_headers(ours))[0] < 500


class TestDecision:
    def test_of_a_problem_that_names_another_portals_document_shows_nothing_of_it(self, ours: Neighbour, theirs: Neighbour):
        cause = min(decision_state.CONFLICTS)
        facts = {"conflicts": [{"field": "title", "portal": "a", "onec": "b"}]}
        problem = Problem.objects.create(
            portal=ours.portal, base=ours.base, cause=cause, kind="document", onec_id=str(theirs.document.pk), facts=facts
        )
        assert theirs.word not in str(decision_state.decisions_of([problem]))


class TestExchange:
    @pytest.mark.parametrize("place", ["key", "cookie", "sessid", "login"])
    def test_with_anything_of_another_base_gets_nothing_of_it(self, place: str, ours: Neighbour, theirs: Neighbour):
        headers = {"Authorization": basic(ours.base.login, ours.password)}
        key, query = ours.base.key, "type=sale&mode=query"
        if place == "key":
            key = theirs.base.key
        elif place == "cookie":
            headers["Cookie"] = f"PHPSESSID={theirs.cookie}"
        elif place == "sessid":
            query += f"&sessid={theirs.session.form_token}"
        else:
            headers["Authorization"] = basic(theirs.base.login, ours.password)
        before = {name: rows for name, rows in theirs.rows().items() if name != "ExchangeRequest"}
        for mode in ("query", "success", "info", "init", "file&filename=a.xml", "import&filename=VICTIM.xml"):
            method = "post" if mode.startswith("file") else "get"
            path = f"/1c/{key}/?{query.replace('mode=query', 'mode=' + mode)}"
            answer: Any = getattr(Client(), method)(path, headers=headers)
            text = answer.content.decode("cp1251")
            assert answer.status_code == 200
            assert text.startswith("failure"), (place, mode, text)
            assert theirs.word not in text.replace("VICTIM.xml", "")
        assert {name: rows for name, rows in theirs.rows().items() if name != "ExchangeRequest"} == before

    def test_takes_no_file_of_another_base_by_its_name(self, ours: Neighbour, theirs: Neighbour):
        headers = {"Authorization": basic(ours.base.login, ours.password)}
        Client().get(f"/1c/{ours.base.key}/?type=sale&mode=checkauth", headers=headers)
        answer: Any = Client().get(f"/1c/{ours.base.key}/?type=sale&mode=import&filename=VICTIM.xml", headers=headers)
        assert answer.content.startswith(b"failure")


class TestEvents:
    @pytest.mark.parametrize("code", ["ONCRMDEALUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT", "ONAPPUPDATE", "ONAPPINSTALL"])
    def test_with_another_portals_application_token_touch_nothing(self, code: str, ours: Neighbour, theirs: Neighbour):
        before = theirs.rows()
        form = {
            "event": code,
            "data[FIELDS][ID]": "7",
            "data[CLEAN]": "1",
            "auth[member_id]": theirs.portal.member_id,
            "auth[application_token]": str(ours.portal.application_token),
            "auth[domain]": theirs.portal.domain,
        }
        assert Client().post("/b24/events/", form).status_code == 403
        assert theirs.rows() == before

    def test_that_are_replayed_are_kept_once(self, theirs: Neighbour):
        theirs.event.delete()
        form = {
            "event": "ONCRMDEALUPDATE",
            "data[FIELDS][ID]": "9",
            "auth[member_id]": theirs.portal.member_id,
            "auth[application_token]": str(theirs.portal.application_token),
        }
        for _ in range(3):
            assert Client().post("/b24/events/", form).status_code == 200
        assert len(theirs.rows()["InboundEvent"]) == 1


class TestTasks:
    def test_of_one_portal_leave_the_other_alone(self, ours: Neighbour, theirs: Neighbour, monkeypatch: pytest.MonkeyPatch):
        before = theirs.rows()
        ours.portal.client_endpoint = ""
        ours.portal.save()
        ran = 0
        for module in (event_tasks, exchange_tasks):
            for task in vars(module).values():
                code = getattr(getattr(task, "run", None), "__code__", None)
                if code is None or "portal_id" not in code.co_varnames[: code.co_argcount]:
                    continue
                ran += 1
                # No portal answers here: a task may fail, but not into another portal's rows.
                with contextlib.suppress(Exception):
                    task.run(portal_id=ours.portal.pk)
        assert ran >= 4
        assert theirs.rows() == before


class TestCommands:
    @pytest.mark.parametrize("command", ["reconcile", "preview"])
    def test_take_no_base_that_is_only_alike(self, command: str, ours: Neighbour, theirs: Neighbour):
        with pytest.raises(CommandError):
            call_command(command, theirs.base.login[:-1])

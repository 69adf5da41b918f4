from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from b24app.rest.journal import MASK, TEXT_LIMIT, Entry, Journal, clean, masked
from tests.b24app.rest.stub import StubPortal

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


class Kept:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.flushed: list[bool] = []

    def write(self, entry: Entry) -> None:
        self.entries.append(entry)

    def flush(self, *, force: bool = False) -> None:
        self.flushed.append(force)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def noting(client: PortalClient, kept: Kept) -> PortalClient:
    client._session.journal = Journal(kept, now=lambda: NOW)
    return client


class TestMasked:
    @pytest.mark.parametrize(
        "key",
        ["auth", "access_token", "refresh_token", "AUTH_ID", "REFRESH_ID", "client_secret", "application_token", "password", "sessid",
         "lastName", "LAST_NAME", "SECOND_NAME", "RQ_FIRST_NAME", "RQ_INN", "inn", "RQ_KPP", "PHONE", "fm", "EMAIL", "RQ_ACC_NUM",
         "PERSONAL_MOBILE", "ADDRESS_1", "BIRTHDATE"],
    )  # fmt: skip
    def test_hides_secrets_and_personal_fields_at_any_depth(self, key: str) -> None:
        assert masked({"fields": [{key: "Иванов"}]}) == {"fields": [{key: MASK}]}
        assert masked({key: [{"VALUE": "+7 900 000-00-00"}]}) == {key: MASK}

    @pytest.mark.parametrize("key", ["name", "xmlId", "barcode", "price", "article", "sort", "id", "code", "iblockId"])
    def test_shows_what_the_catalogue_is_made_of(self, key: str) -> None:
        assert masked({key: "4601234567890"}) == {key: "4601234567890"}

    def test_hides_a_plain_name_only_where_it_is_a_persons(self) -> None:
        assert masked({"NAME": "Иван"}, people=True) == {"NAME": MASK}
        assert masked({"NAME": "Стол"}) == {"NAME": "Стол"}

    def test_shows_that_a_field_was_empty(self) -> None:
        assert masked({"PHONE": [], "lastName": ""}) == {"PHONE": [], "lastName": ""}

    def test_cuts_files_and_long_lists(self) -> None:
        file = masked({"fileData": ["a.jpg", "A" * 100_000]})
        assert file["fileData"][0] == "a.jpg"
        assert file["fileData"][1].endswith("100000 characters")
        assert len(masked(list(range(1000)))) == 61

    def test_ends_on_any_depth(self) -> None:
        deep: Any = "end"
        for _ in range(500):
            deep = {"a": deep}
        assert "end" not in json.dumps(masked(deep))


class TestClean:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [("пишите ivan.petrov+1@mail.example.ru!", f"пишите {MASK}!"), ("тел. +7 (900) 123-45-67", f"тел. {MASK}"),
         ("8 (495) 123-45-67 доб. 2", f"{MASK} доб. 2"), ("ИНН 7701234567", f"ИНН {MASK}"), ("EAN 4601234567890", "EAN 4601234567890"),
         ("bd72d8f9-55bc-11d9-848a-00112f43529a", "bd72d8f9-55bc-11d9-848a-00112f43529a")],
    )  # fmt: skip
    def test_hides_contacts_inside_a_text(self, text: str, shown: str) -> None:
        assert clean(text) == shown


class TestJournal:
    def test_keeps_each_request_with_its_answer(self, stub: StubPortal, noting: PortalClient, kept: Kept) -> None:
        stub.answer = lambda method, params: {"result": {"id": 7, "lastName": "Иванов"}}
        noting.batch(
            [
                Command("crm.contact.add", {"fields": {"NAME": "Иван"}}),
                Command("catalog.product.add", {"fields": {"name": "Стол"}}),
            ]
        )
        (entry,) = kept.entries
        assert (entry.at, entry.method, entry.commands, entry.status, entry.error) == (NOW, "batch", 2, 200, "")
        assert "Стол" in entry.request
        assert "Иван" not in entry.request + entry.answer
        assert "token-1" not in entry.request + entry.answer
        assert kept.flushed == [True]

    def test_keeps_a_refusal_and_the_repeat_after_it(self, stub: StubPortal, noting: PortalClient, kept: Kept) -> None:
        stub.script = [(401, {"error": "expired_token", "error_description": ""}, {})]
        noting.call("profile")
        assert [(entry.status, entry.error) for entry in kept.entries] == [(401, "expired_token"), (200, "")]

    def test_keeps_a_lost_answer(self, stub: StubPortal, noting: PortalClient, kept: Kept) -> None:
        stub.script = [None]
        with pytest.raises(RestError):
            noting.call("profile")
        assert [(entry.status, entry.error) for entry in kept.entries] == [(0, "NO_ANSWER")]

    def test_keeps_the_beginning_of_a_page(self, stub: StubPortal, noting: PortalClient, kept: Kept) -> None:
        stub.script = [(502, "<html>Bad Gateway</html>", {})]
        with pytest.raises(RestError):
            noting.call("profile")
        assert kept.entries[0].answer == "<html>Bad Gateway</html>"

    def test_is_bounded(self, stub: StubPortal, noting: PortalClient, kept: Kept) -> None:
        stub.answer = lambda method, params: {"result": "я" * 290}
        noting.batch([Command("m", {"text": f"{number}" + "ж" * 250}) for number in range(50)])
        assert len(kept.entries[0].request) < TEXT_LIMIT + 100
        assert len(kept.entries[0].answer) <= TEXT_LIMIT + 100

"""The journal page: everything that was asked and answered, found, opened and downloaded, by the portal's administrators alone."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from b24app.models import Portal, RestCall
from exchange.models import ExchangeRequest, OneCBase
from tests.b24app.pages.conftest import Person, make_base, make_portal

PAGE = "/b24/journal/"
NOW = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)


def asked(base: OneCBase, mode: str = "file", answer: str = "success", **fields) -> ExchangeRequest:
    values = {"at": NOW, "method": "POST", "type": "catalog", "mode": mode, "file_name": "import.xml", "milliseconds": 12}
    return ExchangeRequest.objects.create(base=base, answer=answer, **{**values, **fields})


def called(portal: Portal, method: str = "batch", **fields) -> RestCall:
    values = {"at": NOW, "commands": 50, "status": 200, "milliseconds": 1340, "request": '{"halt":0}', "answer": '{"result":[]}'}
    return RestCall.objects.create(portal=portal, method=method, **{**values, **fields})


class TestJournal:
    def test_teaches_an_empty_portal_what_will_be_here(self, admin: Person) -> None:
        assert "Nothing was found" in admin.get(PAGE).content.decode()

    def test_shows_both_sides_newest_first(self, admin: Person) -> None:
        asked(make_base(admin.portal, "Trade"), at=NOW - dt.timedelta(seconds=5))
        called(admin.portal)
        html = admin.get(PAGE).content.decode()
        assert html.index("batch × 50") < html.index("catalog · file")

    def test_is_not_for_employees(self, employee: Person) -> None:
        for path in (PAGE, f"{PAGE}download/", f"{PAGE}rest-1/"):
            assert employee.get(path).status_code == 403

    def test_finds_by_text_side_base_failure_and_time(self, admin: Person) -> None:
        one, other = make_base(admin.portal, "One"), make_base(admin.portal, "Other")
        asked(one, answer="failure\nNo such file")
        asked(other, mode="init")
        called(admin.portal, method="crm.item.add", error="ACCESS_DENIED", commands=1)

        def found(**form: str) -> list[str]:
            html = admin.get(PAGE, form).content.decode()
            return [name for name in ("catalog · file", "catalog · init", "crm.item.add") if f"<b>{name}</b>" in html]

        assert found(text="no such") == ["catalog · file"]
        assert found(text="ITEM.add") == ["crm.item.add"]
        assert found(side="onec") == ["catalog · file", "catalog · init"]
        assert found(base=str(other.pk)) == ["catalog · init"]
        assert found(errors="on") == ["catalog · file", "crm.item.add"]
        assert found(until="2026-03-04T11:00") == []
        assert len(found(since="2026-03-04T11:00", base="x", side="y")) == 3

    def test_pages_through_rows_of_one_moment_without_losing_or_repeating_any(self, admin: Person) -> None:
        base = make_base(admin.portal)
        for number in range(70):
            asked(base, file_name=f"a{number}.xml")
            called(admin.portal, method=f"m{number}.get", commands=1)
        seen: list[str] = []
        before = ""
        while True:
            html = admin.get(PAGE, {"before": before}).content.decode()
            seen += [part.split('"')[0] for part in html.split('<tr id="journal-')[1:]]
            if '"before": "' not in html:
                break
            before = html.split('"before": "')[1].split('"')[0]
        assert len(seen) == len(set(seen)) == 140

    def test_opens_a_row_with_request_and_answer(self, admin: Person) -> None:
        html = admin.get(f"{PAGE}rest-{called(admin.portal).pk}/").content.decode()
        assert "&quot;halt&quot;: 0" in html

    def test_keeps_to_the_persons_portal(self, admin: Person) -> None:
        stranger = make_portal()
        row, request = called(stranger), asked(make_base(stranger, "Foreign base"))
        assert admin.get(f"{PAGE}rest-{row.pk}/").status_code == 404
        assert admin.get(f"{PAGE}onec-{request.pk}/").status_code == 404
        assert "Foreign base" not in admin.get(PAGE).content.decode()
        assert b"".join(admin.get(f"{PAGE}download/").streaming_content) == b""

    @pytest.mark.parametrize("row", ["rest-0", "rest-x", "other-1", "rest-99999999999999999999"])
    def test_of_a_row_that_is_not_there_says_so(self, admin: Person, row: str) -> None:
        assert admin.get(f"{PAGE}{row}/").status_code == 404

    def test_is_downloaded_as_json_lines(self, admin: Person) -> None:
        asked(make_base(admin.portal, "Trade"), at=timezone.now())
        called(admin.portal)
        answer = admin.get(f"{PAGE}download/", {"side": "rest"})
        (line,) = b"".join(answer.streaming_content).decode().splitlines()
        assert json.loads(line)["what"] == "batch × 50"
        assert answer.headers["Content-Disposition"].startswith("attachment")

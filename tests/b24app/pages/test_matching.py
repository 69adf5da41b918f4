"""Finding objects on either side, and what can be done about them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from b24app.models import Portal
from b24app.pages import matching_search
from b24app.pages.matching_search import Wanted, search
from exchange.models import OneCBase, StateRow, TradeDocument, TradeParty
from mapping import links
from tests.b24app.pages.conftest import Person, make_base, make_portal

PAGE = "/b24/matching/"


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    return make_base(portal)


def item(base: OneCBase, onec_id: str = "item-1", name: str = "Boots", **main: object) -> StateRow:
    values = {"name": name, "article": "A-1", **main}
    return StateRow.objects.create(base=base, kind="product", onec_id=onec_id, main=values, version=1, pushed_version=1)


def document(base: OneCBase, **fields: object) -> TradeDocument:
    values = {"entity_type_id": 31, "b24_id": 7, "number": "15", "onec_id": "order-1", "settled_version": 1, **fields}
    sides = {"portal_side": {"title": "Invoice for boots"}, "onec_side": {"onec_number": "TD-15"}, "agreed": {"comment": "x"}}
    return TradeDocument.objects.create(base=base, **sides, **values)


def party(base: OneCBase) -> TradeParty:
    side = {"name": "Rose", "tax_id": "7707083893"}
    return TradeParty.objects.create(base=base, entity_type_id=4, b24_id=3, onec_id="c-1", onec_side=side, settled_version=1)


class TestSearch:
    @pytest.mark.parametrize("text", ["item-1", "boo", "A-1", "ТЁПЛ", "1_%", "501"])
    def test_finds_goods_by_id_name_article_or_the_portals_id(self, portal: Portal, base: OneCBase, text: str) -> None:
        row = item(base, name="Boots тёплые 1_%")
        links.bind(portal.pk, base.pk, "product", {"item-1": 501})
        item(base, "other", "Hat", article="B-2")
        assert list(search(portal, Wanted("goods", text)).ids) == [row.pk]

    @pytest.mark.parametrize("text", ["15", "order-1", "7", "boots", "td-1"])
    def test_finds_documents_by_number_id_or_title(self, portal: Portal, base: OneCBase, text: str) -> None:
        row = document(base)
        assert list(search(portal, Wanted("documents", text)).ids) == [row.pk]

    @pytest.mark.parametrize("text", ["rose", "7707083893", "c-1", "3"])
    def test_finds_buyers_by_name_tax_number_or_id(self, portal: Portal, base: OneCBase, text: str) -> None:
        row = party(base)
        assert list(search(portal, Wanted("parties", text)).ids) == [row.pk]

    def test_takes_wildcards_for_what_they_are(self, portal: Portal, base: OneCBase) -> None:
        item(base)
        assert not search(portal, Wanted("goods", "%")).ids

    def test_goes_on_where_it_left_off(self, portal: Portal, base: OneCBase) -> None:
        rows = [item(base, f"i{number}").pk for number in range(45)]
        seen: list[int] = []
        after = 0
        for _ in range(3):
            found = search(portal, Wanted("goods", "boots", after=after))
            seen += found.ids
            after = found.after
        assert (seen, after) == (rows, 0)

    def test_looks_through_so_many_at_a_time(self, portal: Portal, base: OneCBase, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matching_search, "WINDOW", 3)
        rows = [item(base, f"i{number}", "Hat") for number in range(3)]
        wanted = item(base, "last")
        first = search(portal, Wanted("goods", "boots"))
        assert (list(first.ids), first.after) == ([], rows[-1].pk)
        assert list(search(portal, Wanted("goods", "boots", after=first.after)).ids) == [wanted.pk]

    def test_keeps_to_the_portal(self, portal: Portal, base: OneCBase) -> None:
        other = make_base(make_portal())
        row = item(other)
        assert not search(portal, Wanted("goods", "boots")).ids
        assert not search(portal, Wanted("goods", "item-1", other.pk)).ids
        assert list(search(other.portal, Wanted("goods", "boots")).ids) == [row.pk]


class TestPage:
    def test_shows_objects_with_their_links(self, admin: Person, base: OneCBase) -> None:
        item(base)
        links.bind(base.portal_id, base.pk, "product", {"item-1": 501})
        html = admin.get(PAGE, htmx=False).content.decode()
        for text in ("Boots", "501", "in line", "Matching"):
            assert text in html

    def test_teaches_when_nothing_is_found(self, admin: Person, base: OneCBase) -> None:
        assert "Nothing found" in admin.get(PAGE, {"what": "parties", "text": "x"}).content.decode()

    @pytest.mark.parametrize(
        "query", [{"what": "x"}, {"what": "goods", "base": "x", "after": "-1"}, {"what": "goods", "text": "\0"}]
    )
    def test_takes_anything_for_a_query(self, admin: Person, base: OneCBase, query: dict[str, str]) -> None:
        assert admin.get(PAGE, query).status_code == 200

    def test_opens_an_object_with_both_sides_values(self, admin: Person, base: OneCBase) -> None:
        row = document(base)
        html = admin.get(reverse("pages:match", args=["documents", row.pk])).content.decode()
        for text in ("Invoice for boots", "TD-15", "Last change", "Send now"):
            assert text in html

    def test_asks_before_it_unlinks_and_says_what_that_does(self, admin: Person, base: OneCBase) -> None:
        row = party(base)
        html = admin.get(reverse("pages:match", args=["parties", row.pk]), {"unlink": "1"}).content.decode()
        assert "looked for again" in html
        row.refresh_from_db()
        assert row.b24_id == 3

    def test_is_for_administrators_of_the_portal(self, admin: Person, employee: Person, base: OneCBase) -> None:
        other = item(make_base(make_portal()))
        mine = item(base)
        assert employee.get(PAGE).status_code == 403
        for name in ("match", "match_send", "match_unlink"):
            ask = "get" if name == "match" else "post"
            assert getattr(admin, ask)(reverse(f"pages:{name}", args=["goods", other.pk])).status_code == 404
            assert getattr(employee, ask)(reverse(f"pages:{name}", args=["goods", mine.pk])).status_code == 403
        assert admin.get(reverse("pages:match", args=["nonsense", mine.pk])).status_code == 404


class TestSend:
    def test_makes_goods_due_at_once(self, admin: Person, base: OneCBase) -> None:
        row = item(base)
        StateRow.objects.filter(pk=row.pk).update(failures=4)
        assert admin.post(reverse("pages:match_send", args=["goods", row.pk])).status_code == 200
        row.refresh_from_db()
        assert row.pushed_version < row.version
        assert row.failures == 0

    def test_makes_a_document_due_at_once(self, admin: Person, base: OneCBase) -> None:
        row = document(base)
        assert admin.post(reverse("pages:match_send", args=["documents", row.pk])).status_code == 200
        row.refresh_from_db()
        assert row.settled_version < row.version


class TestUnlink:
    def test_of_goods_forgets_the_link_alone(self, admin: Person, base: OneCBase) -> None:
        row = item(base)
        links.bind(base.portal_id, base.pk, "product", {"item-1": 501, "item-2": 502})
        assert admin.post(reverse("pages:match_unlink", args=["goods", row.pk])).status_code == 200
        assert links.to_b24(base.portal_id, base.pk, "product") == {"item-2": 502}
        assert StateRow.objects.filter(pk=row.pk).exists()

    def test_of_a_document_and_a_buyer_keeps_what_1c_said(self, admin: Person, base: OneCBase) -> None:
        links.bind(base.portal_id, base.pk, "company", {"c-1": 3})
        for what, row in (("documents", document(base)), ("parties", party(base))):
            assert admin.post(reverse("pages:match_unlink", args=[what, row.pk])).status_code == 200
            row.refresh_from_db()
            assert (row.b24_id, row.agreed, row.settled_version) == (None, None, row.version)
            assert row.onec_side
        assert links.to_b24(base.portal_id, base.pk, "company") == {}

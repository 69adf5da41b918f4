"""Linking by hand on the matching page, against the portal double."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from b24app.models import Portal
from exchange import history
from exchange.models import OneCBase, StateRow, TradeDocument, TradeParty
from exchange.planning.trade import COMPANY
from mapping import links
from sandbox.portal.server import PortalServer
from tests import conftest as root
from tests.b24app.pages.conftest import Person, make_base, make_portal

# The double's portal: what is there to choose comes from it.
portal = root.portal


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    return make_base(portal)


@pytest.fixture
def party(base: OneCBase) -> TradeParty:
    return TradeParty.objects.create(
        base=base, entity_type_id=COMPANY, onec_id="c-1", onec_side={"name": "Rose"}, settled_version=1
    )


def company(server: PortalServer, title: str, **fields: Any) -> int:
    return int(server.call("crm.item.add", {"entityTypeId": COMPANY, "fields": {"title": title, **fields}}, 1)["item"]["id"])


def ask(person: Person, what: str, pk: int, **query: str) -> Any:
    return person.get(reverse("pages:match_link_ask", args=[what, pk]), query)


def link(person: Person, what: str, pk: int, key: str) -> Any:
    return person.post(reverse("pages:match_link", args=[what, pk]), {"key": key})


class TestAsk:
    def test_looks_at_once_for_the_objects_own_name(self, admin: Person, party: TradeParty, bitrix24: PortalServer) -> None:
        id = company(bitrix24, "Rose Ltd")
        mine = company(bitrix24, "Rose, our own", isMyCompany="Y")
        html = ask(admin, "parties", party.pk).content.decode()
        assert f"key=4:{id}" in html
        assert f"key=4:{mine}" not in html
        assert "one of your own companies" in html

    def test_says_beforehand_what_would_happen_and_changes_nothing(
        self, admin: Person, party: TradeParty, bitrix24: PortalServer
    ) -> None:
        id = company(bitrix24, "Rose Ltd")
        TradeParty.objects.create(base=party.base, entity_type_id=COMPANY, b24_id=id, onec_id="c-2", onec_side={"name": "Tulip"})
        html = ask(admin, "parties", party.pk, key=f"4:{id}").content.decode()
        assert "“Tulip” of 1C has it already" in html
        assert reverse("pages:match_link", args=["parties", party.pk]) in html
        party.refresh_from_db()
        assert party.known == {}

    def test_finds_nothing_in_words(self, admin: Person, party: TradeParty) -> None:
        assert "has nothing of this name" in ask(admin, "parties", party.pk, text="nobody").content.decode()

    def test_says_so_when_the_portal_does_not_answer(self, admin: Person, party: TradeParty, bitrix24: PortalServer) -> None:
        bitrix24.stop()
        response = ask(admin, "parties", party.pk)
        assert response.status_code == 200
        assert "does not answer" in response.content.decode()

    @pytest.mark.parametrize("key", ["", "x", "4:", "4:x", "999:1", "4:99999999999999999999", "٤:١"])
    def test_takes_any_key(self, admin: Person, party: TradeParty, key: str) -> None:
        assert ask(admin, "parties", party.pk, key=key).status_code == 200
        assert link(admin, "parties", party.pk, key).status_code == 422

    def test_is_for_administrators_of_the_portal_and_for_objects_of_1c(
        self, admin: Person, employee: Person, party: TradeParty, base: OneCBase
    ) -> None:
        other = make_base(make_portal())
        foreign = TradeParty.objects.create(base=other, entity_type_id=COMPANY, onec_id="c-1")
        ours = TradeDocument.objects.create(base=base, entity_type_id=31, b24_id=7)
        for name in ("match_link_ask", "match_link"):
            act = "get" if name == "match_link_ask" else "post"
            for what, pk in (("parties", foreign.pk), ("documents", ours.pk), ("nonsense", party.pk)):
                assert getattr(admin, act)(reverse(f"pages:{name}", args=[what, pk])).status_code == 404
            assert getattr(employee, act)(reverse(f"pages:{name}", args=["parties", party.pk])).status_code == 403


class TestLink:
    def test_of_a_buyer_makes_it_due_and_is_remembered(self, admin: Person, party: TradeParty, bitrix24: PortalServer) -> None:
        id = company(bitrix24, "Rose Ltd")
        response = link(admin, "parties", party.pk, f"4:{id}")
        assert response.status_code == 200
        assert "Linked by hand" in response.content.decode()
        party.refresh_from_db()
        assert (party.known["chosen"], party.settled_version < party.version) == ([4, id], True)
        assert history.entries_of(party.known)[0]["by"] == "user:1"

    def test_of_goods_binds_them_and_makes_them_due(
        self, admin: Person, base: OneCBase, portal: Portal, bitrix24: PortalServer
    ) -> None:
        row = StateRow.objects.create(
            base=base, kind="product", onec_id="i-1", main={"name": "Boots"}, version=1, pushed_version=1
        )
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": "Brown boots"}
        id = int(bitrix24.call("catalog.product.add", {"fields": fields})["element"]["id"])
        assert f"key=0:{id}" in ask(admin, "goods", row.pk).content.decode()
        assert link(admin, "goods", row.pk, f"0:{id}").status_code == 200
        row.refresh_from_db()
        assert links.to_b24(portal.pk, base.pk, "product") == {"i-1": id}
        assert row.pushed_version < row.version

    def test_of_what_is_taken_is_refused_in_words(
        self, admin: Person, base: OneCBase, portal: Portal, bitrix24: PortalServer
    ) -> None:
        row = StateRow.objects.create(base=base, kind="product", onec_id="i-1", main={"name": "Boots"})
        StateRow.objects.create(base=base, kind="product", onec_id="i-2", main={"name": "Shoes"})
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": "Brown boots"}
        id = int(bitrix24.call("catalog.product.add", {"fields": fields})["element"]["id"])
        links.bind(portal.pk, base.pk, "product", {"i-2": id})
        response = link(admin, "goods", row.pk, f"0:{id}")
        assert response.status_code == 422
        assert "linked with “Shoes” of 1C already" in response.content.decode()
        assert links.to_b24(portal.pk, base.pk, "product") == {"i-2": id}


class TestHistory:
    def test_shows_when_what_and_by_whose_word(self, admin: Person, base: OneCBase) -> None:
        entry = {
            "at": "2026-03-01T10:00:00+00:00",
            "side": "onec",
            "field": "comment",
            "from": "old",
            "to": "new",
            "by": "file:o.xml",
        }
        row = TradeDocument.objects.create(base=base, entity_type_id=31, onec_id="o-1", onec_side={}, known={"history": [entry]})
        assert admin.post(reverse("pages:match_send", args=["documents", row.pk])).status_code == 200
        html = admin.get(reverse("pages:match", args=["documents", row.pk])).content.decode()
        for text in ("old → new", "file o.xml", "Comment", "Sent by hand", "Link by hand"):
            assert text in html

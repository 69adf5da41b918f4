from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from b24app import lanes
from b24app.models import InboundEvent, Lane, Person, Portal, RestCall, ServiceCredential
from b24app.oauth import troubles
from exchange import removal, sessions, storage
from exchange.models import (
    ExchangeRequest,
    ExchangeSession,
    HeardObject,
    ImportRun,
    OneCBase,
    Problem,
    StateRow,
    TradeDocument,
    TradeParty,
)
from mapping import links
from mapping.edit import change_rules
from mapping.models import Link, RuleSet
from tests.b24app.posts import send_event

UNINSTALL = "ONAPPUNINSTALL"


@pytest.fixture
def lived_in(portal: Portal) -> Portal:
    """A portal that has been used: a base, an upload, links, rules, a journal, people."""
    base, _ = sessions.create_base(portal, "Trade", "ut11")
    session = ExchangeSession.objects.create(base=base, type="catalog", token_digest="d" * 64, form_token="f")
    folder = storage.folder_of(session)
    folder.mkdir(parents=True)
    (folder / "import.xml").write_text("<x/>")
    ImportRun.objects.create(base=base, session=session, type="catalog", file_name="import.xml", path=str(folder / "import.xml"))
    StateRow.objects.create(base=base, kind="product", onec_id="p1", main={"name": "Teapot"})
    links.bind(portal.pk, base.pk, "product", {"p1": 7})
    change_rules(portal.pk, base.pk, {"x": 1}, author="Anna")
    Problem.objects.create(portal=portal, base=base, cause="x")
    ExchangeRequest.objects.create(base=base, method="GET")
    InboundEvent.objects.create(portal=portal, code="ONCRMDEALADD", object_id="1")
    Person.objects.create(portal=portal, user_id=2, language="ro")
    lanes.mark_due(portal.pk)
    return portal


class TestUninstalling:
    def test_forgets_secrets_and_people_and_keeps_a_tombstone(self, lived_in, bitrix24, django_capture_on_commit_callbacks):
        folder = storage.folder_of(ExchangeSession.objects.get())
        with django_capture_on_commit_callbacks(execute=True):
            assert send_event(bitrix24, UNINSTALL, {"[CLEAN]": "0"}).status_code == 200
        for model in (ServiceCredential, RestCall, InboundEvent, Person, Lane, ExchangeRequest, Problem, ExchangeSession):
            assert not model._default_manager.exists(), model
        assert not Path(folder).exists()
        lived_in.refresh_from_db()
        assert (lived_in.application_token, lived_in.client_secret, lived_in.facts) == (None, None, {})
        assert lived_in.trouble == troubles.UNINSTALLED
        assert lived_in.uninstalled_at <= timezone.now()
        assert RuleSet.objects.get().author == ""
        assert ImportRun.objects.get().state == "failed"

    def test_forgets_the_people_in_documents_but_not_which_document_is_which(self, lived_in, bitrix24):
        base = OneCBase.objects.get()
        side = {"name": "Anna Petrova", "phones": ["+70000000000"]}
        known = {"told": side}
        TradeParty.objects.create(
            base=base, entity_type_id=4, b24_id=7, onec_id="c1", portal_side=side, onec_side=side, agreed=side, known=known
        )
        row = TradeDocument.objects.create(base=base, entity_type_id=31, b24_id=9, onec_id="o1", number="15", portal_side=side)
        TradeDocument.objects.filter(pk=row.pk).update(outgoing={"buyer": side}, outgoing_version=3, acknowledged_version=2)
        HeardObject.objects.create(portal=lived_in, entity_type_id=4, b24_id=7)
        send_event(bitrix24, UNINSTALL, {"[CLEAN]": "0"})
        assert not HeardObject.objects.exists()
        for model in (TradeParty, TradeDocument):
            for values in model.objects.values():
                assert "Anna" not in str(values)
        row.refresh_from_db()
        assert (row.b24_id, row.onec_id, row.number, row.outgoing) == (9, "o1", "15", None)
        assert row.outgoing_version == row.acknowledged_version == 3

    def test_keeps_what_the_next_installation_needs(self, lived_in, bitrix24):
        send_event(bitrix24, UNINSTALL, {"[CLEAN]": "0"})
        assert OneCBase.objects.get().portal_id == lived_in.pk
        assert links.to_b24(lived_in.pk, OneCBase.objects.get().pk, "product") == {"p1": 7}
        assert StateRow.objects.count() == 1

    def test_with_clean_leaves_nothing_but_the_tombstone(self, lived_in, bitrix24):
        assert send_event(bitrix24, UNINSTALL, {"[CLEAN]": "1"}).status_code == 200
        while removal.carry_on():
            pass
        for relation in Portal._meta.related_objects:
            assert not relation.related_model._default_manager.exists(), relation.related_model
        assert not Link.objects.exists()
        assert Portal.objects.get().member_id == bitrix24.member_id

    def test_stops_the_worker_that_is_busy_for_the_portal(self, lived_in, bitrix24):
        claim = lanes.claim("worker", lived_in.pk)
        assert claim
        send_event(bitrix24, UNINSTALL, {"[CLEAN]": "0"})
        with pytest.raises(lanes.LaneLost):
            lanes.hold(claim)

    def test_works_while_the_portals_tokens_are_dead(self, lived_in, bitrix24):
        with bitrix24.portal.lock:
            bitrix24.portal.oauth.revoke()
            bitrix24.portal.store.commit()
        assert send_event(bitrix24, UNINSTALL, {"[CLEAN]": "1"}).status_code == 200

    @pytest.mark.parametrize("token", ["forged", "", None])
    def test_is_refused_without_the_application_token(self, lived_in, bitrix24, token):
        assert send_event(bitrix24, UNINSTALL, {"[CLEAN]": "1"}, application_token=token).status_code == 403
        assert ServiceCredential.objects.exists()
        lived_in.refresh_from_db()
        assert lived_in.uninstalled_at is None

    def test_is_refused_for_a_portal_without_a_stored_token(self, lived_in, bitrix24):
        """An empty token must not be equal to a token that is not there."""
        Portal.objects.filter(pk=lived_in.pk).update(application_token=None)
        for token in ("", "None", "no such token"):
            assert send_event(bitrix24, UNINSTALL, application_token=token).status_code == 403
        assert ServiceCredential.objects.exists()

    def test_a_second_time_is_refused(self, lived_in, bitrix24):
        assert send_event(bitrix24, UNINSTALL).status_code == 200
        assert send_event(bitrix24, UNINSTALL).status_code == 403

    def test_at_another_portals_expense_is_refused(self, lived_in, bitrix24):
        other = Portal.objects.create(
            member_id="other", domain="other.test", client_endpoint="https://other.test/rest/", application_token="other-token"
        )
        assert send_event(bitrix24, UNINSTALL, application_token=other.application_token).status_code == 403
        assert send_event(bitrix24, UNINSTALL, member_id="other").status_code == 403
        assert not Portal.objects.exclude(uninstalled_at=None).exists()


class TestPayment:
    def test_lets_the_next_call_find_out(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.PAYMENT_REQUIRED)
        assert send_event(bitrix24, "ONAPPPAYMENT").status_code == 200
        portal.refresh_from_db()
        assert portal.trouble == ""

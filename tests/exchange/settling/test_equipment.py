"""The own fields of deals and invoices."""

from __future__ import annotations

import pytest

from b24app.oauth.clients import client_for
from exchange.planning.effects import OWN_FIELDS
from exchange.planning.trade import DEAL, INVOICE
from exchange.settling.equipment import code_of, own_fields
from tests.exchange.settling.driving import drive


@pytest.mark.parametrize("kind", [DEAL, INVOICE])
class TestOwnFields:
    def test_are_made_once_and_named_as_the_portal_spells_them(self, portal, portal_server, kind):
        client = client_for(portal)
        made = drive(own_fields(kind), client)
        assert set(made.keys) == set(OWN_FIELDS)
        assert made.refused == ""
        count = len(portal_server.state["userfields"])
        assert drive(own_fields(kind), client) == made
        assert len(portal_server.state["userfields"]) == count

    def test_hold_what_is_written_under_their_keys(self, portal, portal_server, kind):
        client = client_for(portal)
        keys = drive(own_fields(kind), client).keys
        made = client.call("crm.item.add", {"entityTypeId": kind, "fields": {"title": "A", keys["paid"]: "12.50|RUB"}})
        read = client.call("crm.item.get", {"entityTypeId": kind, "id": made["item"]["id"]})
        assert read["item"][keys["paid"]] == "12.50|RUB"

    def test_carry_labels_in_the_portals_languages(self, portal, portal_server, kind):
        drive(own_fields(kind), client_for(portal))
        row = next(row for row in portal_server.state["userfields"] if row["fieldName"] == code_of(kind, "paid"))
        assert {"ru", "en", "ua"} <= set(row["editFormLabel"])

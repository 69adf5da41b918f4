"""Payments and shipments in the timeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from b24app.oauth.clients import client_for
from exchange.planning.effects import Entry
from exchange.planning.trade import DEAL
from exchange.settling.entries import Owner, write_entries
from tests.exchange.settling.driving import drive

PAYMENT = Entry("payment:p1", "payment", "15", dt.date(2026, 3, 4), Decimal("1234.5"), "RUB", "bank")
SHIPMENT = Entry("shipment:s1", "shipment", "7", dt.date(2026, 3, 5), Decimal(1000), "RUB", lines=2)
MARK = ("document", "1")


@pytest.fixture
def owner(portal):
    made = client_for(portal).call("crm.item.add", {"entityTypeId": DEAL, "fields": {"title": "A"}})
    return Owner(DEAL, made["item"]["id"], "onec:1", "ru")


def activities(portal_server):
    return [row for row in portal_server.state["activities"] if row["kind"] == "configurable"]


class TestEntries:
    def test_are_written_once_each(self, portal, portal_server, owner):
        client = client_for(portal)
        known = drive(write_entries([PAYMENT, SHIPMENT], owner, {}, MARK, unsure=False), client)
        assert drive(write_entries([PAYMENT, SHIPMENT], owner, known, MARK, unsure=False), client) == known
        assert len(activities(portal_server)) == 2
        assert all(row["fields"]["completed"] for row in activities(portal_server))

    def test_show_the_sum_in_the_portals_manner(self, portal, portal_server, owner):
        drive(write_entries([PAYMENT], owner, {}, MARK, unsure=False), client_for(portal))
        (row,) = activities(portal_server)
        text = row["layout"]["body"]["blocks"]["amount"]["properties"]["block"]["properties"]["value"]
        assert text.replace("\xa0", " ") == "1 234,50 RUB"

    def test_that_change_are_updated_in_place(self, portal, portal_server, owner):
        client = client_for(portal)
        known = drive(write_entries([PAYMENT], owner, {}, MARK, unsure=False), client)
        drive(write_entries([replace(PAYMENT, cancelled=True)], owner, known, MARK, unsure=False), client)
        (row,) = activities(portal_server)
        assert "tags" in row["layout"]["header"]

    def test_whose_answer_was_lost_are_found_again(self, portal, portal_server, owner):
        client = client_for(portal)
        known = drive(write_entries([PAYMENT], owner, {}, MARK, unsure=False), client)
        again = drive(write_entries([PAYMENT, SHIPMENT], owner, {}, MARK, unsure=True), client)
        assert again["payment:p1"]["id"] == known["payment:p1"]["id"]
        assert len(activities(portal_server)) == 2

    def test_of_another_document_are_not_taken_for_ours(self, portal, portal_server, owner):
        client = client_for(portal)
        drive(write_entries([PAYMENT], owner, {}, MARK, unsure=False), client)
        other = client.call("crm.item.add", {"entityTypeId": DEAL, "fields": {"title": "B"}})
        drive(write_entries([PAYMENT], replace(owner, b24_id=other["item"]["id"]), {}, MARK, unsure=True), client)
        assert len(activities(portal_server)) == 2

    def test_that_a_person_deleted_stay_deleted(self, portal, portal_server, owner):
        client = client_for(portal)
        known = drive(write_entries([PAYMENT], owner, {}, MARK, unsure=False), client)
        portal_server.edit(kind="activities", op="delete", id=known["payment:p1"]["id"], user=1)
        drive(write_entries([replace(PAYMENT, number="16")], owner, known, MARK, unsure=False), client)
        assert activities(portal_server) == []

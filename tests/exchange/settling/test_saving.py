"""Saving beside those who make rows due: neither waits for the other for ever."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.models import F

from b24app import lanes
from b24app.models import Portal
from exchange.models import TradeDocument
from exchange.sessions import create_base
from exchange.settling.flows import DOCUMENT, Learnt
from exchange.settling.saving import Saving
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """select exists (select 1 from pg_locks waiting join pg_stat_activity who on who.pid = waiting.pid
                 where not waiting.granted and who.datname = current_database())"""
        )
        return bool(cursor.fetchone()[0])


class TestSaving:
    def test_gives_way_to_whoever_makes_the_same_row_due(self, portal: Portal) -> None:
        base, _ = create_base(portal, "Торговля", "ut11")
        row = TradeDocument.objects.create(base=base, entity_type_id=31, b24_id=1)
        lanes.mark_due(portal.pk, work=lanes.DOCUMENTS)
        claim = lanes.claim("test", portal.pk, lanes.DOCUMENTS)
        assert claim is not None
        learnt = Learnt()
        learnt.done[DOCUMENT, str(row.pk)] = 1

        def save() -> None:
            Saving(portal, base, claim).save(learnt)
            connection.close()

        saving = threading.Thread(target=save)
        with transaction.atomic():
            # As a file of 1C does it: the row first, then the lane.
            TradeDocument.objects.filter(pk=row.pk).update(version=F("version") + 1)
            saving.start()
            until(somebody_waits, lambda: "the saving never came to the row", 30)
            lanes.mark_due(portal.pk, work=lanes.DOCUMENTS)
        saving.join(30)
        row.refresh_from_db()
        assert (row.version, row.settled_version) == (2, 1)

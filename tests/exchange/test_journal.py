"""What is kept of requests."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from exchange import journal, protocol
from exchange.models import ExchangeRequest, OneCBase

ASKED = journal.Request("GET", "catalog", "checkauth", "", 0)


class TestWrite:
    def test_keeps_no_token(self, base: OneCBase):
        journal.write(base, ASKED, protocol.signed_in("SECRETCOOKIE", "SECRETTOKEN", 1), 3)
        journal.write(base, ASKED, protocol.signed_in_shortly("SECRETCOOKIE"), 3)
        journal.write(base, ASKED, protocol.parameters(zip_allowed=True, file_limit=1, sessid="SECRETTOKEN", version="2.09"), 3)
        assert ExchangeRequest.objects.count() == 3
        assert not any("SECRET" in row.answer for row in ExchangeRequest.objects.all())

    def test_keeps_no_document(self, base: OneCBase):
        journal.write(base, ASKED, protocol.Answer("<a>private</a>", xml=True), 3)
        assert "private" not in ExchangeRequest.objects.get().answer

    def test_cuts_what_is_too_long_or_cannot_be_stored(self, base: OneCBase):
        journal.write(base, journal.Request("OPTIONS", "t" * 99, "m\0", "\ud800" * 999, 1), protocol.failure("ы" * 2000), 3)
        row = ExchangeRequest.objects.get()
        assert (row.method, row.mode, len(row.file_name)) == ("OPTI", "m?", 255)

    def test_keeps_nothing_of_nobody(self, db: None):
        journal.write(None, ASKED, protocol.failure("x"), 3)
        assert not ExchangeRequest.objects.exists()


class TestClean:
    def test_removes_what_is_past_its_time(self, base: OneCBase):
        journal.write(base, ASKED, protocol.success(), 1)
        assert journal.clean(timezone.now() + dt.timedelta(days=13)) == 0
        assert journal.clean(timezone.now() + dt.timedelta(days=15)) == 1

"""A preview made in the background, for a page to show."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from b24app.models import Portal
from exchange import tasks
from exchange.imports import rehearsals
from exchange.models import ImportRun, OneCBase
from exchange.observing import observe
from mapping.edit import change_rules
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG

pytestmark = pytest.mark.django_db(transaction=True)


class TestRehearsal:
    def test_is_asked_for_once_and_kept(self, tell: Send, base: OneCBase) -> None:
        tell(CATALOG)
        ImportRun.objects.update(state="read")
        assert rehearsals.ask(base)
        assert rehearsals.rehearsal_of(base).running
        assert not rehearsals.ask(base)
        tasks.rehearse(base_id=base.pk)
        base.refresh_from_db()
        told = rehearsals.rehearsal_of(base)
        assert (told.state, told.found["kinds"]["products"]["made"], told.found["complete"]) == ("done", 3, True)
        assert not rehearsals.ask(base)
        rehearsals.forget(base)
        assert rehearsals.rehearsal_of(base).state == ""

    def test_is_made_anew_when_rules_or_files_are_others_or_somebody_wants_it(self, tell: Send, base: OneCBase) -> None:
        rehearsals.rehearse(base)
        assert rehearsals.ask(base, anew=True)
        rehearsals.rehearse(base)
        change_rules(base.portal_id, base.pk, {"match_by_article": True}, author="test")
        assert rehearsals.ask(base)
        rehearsals.rehearse(base)
        tell(CATALOG)
        ImportRun.objects.update(state="read")
        assert rehearsals.ask(base)

    def test_says_why_there_is_none(self, base: OneCBase) -> None:
        Portal.objects.update(trouble="PAYMENT_REQUIRED")
        base.portal.refresh_from_db()
        told = rehearsals.rehearse(base)
        assert (told.state, told.code) == ("failed", "PAYMENT_REQUIRED")
        assert rehearsals.ask(base)

    def test_that_was_lost_with_its_worker_is_asked_for_again(self, base: OneCBase) -> None:
        rehearsals.ask(base)
        long_ago = timezone.now() - dt.timedelta(minutes=5)
        observe(base, {"rehearsal": {**base.observed["rehearsal"], "at": long_ago.isoformat()}})
        assert not rehearsals.rehearsal_of(base).running
        assert rehearsals.ask(base)

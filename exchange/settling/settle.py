"""SETTLE: what either side said is brought to the other, for the portal whose DOCUMENTS lane is ours.

One pass: heard objects are told apart, buyers are settled, then documents are read fresh, merged, written and put out for 1C. Passes
follow one another until nothing is due or the slice's time is over. Everything is saved under the lane's fence.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from django.db import transaction
from django.utils import timezone

from b24app import lanes
from b24app.models import Portal
from b24app.oauth.clients import client_for
from b24app.rest.errors import RestError
from b24app.rest.pipeline import Pipeline
from exchange.imports.blocking import BLOCKED_SECONDS, RETRY_SECONDS, blocked
from exchange.imports.flows import Flow
from exchange.imports.scheduler import PortalBlocked, Scheduler
from exchange.models import HeardObject, OneCBase, TradeDocument, TradeParty
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.trade import DOCUMENT_TYPES, PARTY_TYPES
from exchange.settling import admitting, asking, due, owners, party_rows, people, preparing, reading, routing, work
from exchange.settling.flows import DOCUMENT, PARTY, Learnt
from exchange.settling.gather import Named, chunks
from exchange.settling.party_flow import settle_party
from exchange.settling.pipelines import Pipelines
from exchange.settling.saving import Saving

log = logging.getLogger(__name__)

Row = TypeVar("Row", TradeDocument, TradeParty)
# How often one slice settles the same version of a row (one that waits for its buyer comes again and again).
MOST_TRIES = 6


def settle(claim: lanes.Claim, *, until: float) -> dt.datetime | None:
    """Settle what is due for the claimed portal until time.monotonic() reaches `until`; returns when there is more to do."""
    portal = Portal.objects.get(pk=claim.portal_id)
    if portal.uninstalled_at is not None:
        return None
    if portal.trouble:
        return timezone.now() + dt.timedelta(seconds=BLOCKED_SECONDS)
    if not OneCBase.objects.working().filter(portal=portal).exists():
        return None  # Whoever lets a base work again makes the lane due.
    with Pipeline(client_for(portal, urgent=True)) as pipeline:
        try:
            finished = PortalSettling(portal, claim, pipeline, until).run()
        except PortalBlocked as stop:
            return blocked(portal, stop.error)
        except RestError as error:
            return blocked(portal, error)
    return due.next_due(portal.pk) if finished else timezone.now()


class PortalSettling:
    """One slice for one portal."""

    def __init__(self, portal: Portal, claim: lanes.Claim, pipeline: Pipeline, until: float) -> None:
        self.portal = portal
        self.claim = claim
        self.pipeline = pipeline
        self.until = until
        self.bases = list(OneCBase.objects.working().filter(portal=portal).order_by("pk"))
        self.facts = {base.pk: work.facts_of(base) for base in self.bases}
        self.pipelines = Pipelines()
        # How often this slice has settled which version of which row; and whether it has read the pipelines anew.
        self.tries: Counter[tuple[str, int, int]] = Counter()
        self.anew = False
        # Just read, and not used yet.
        self.fresh: dict[Named, Fresh] = {}

    def run(self) -> bool:
        """Settle until nothing is due; False when time ran out first."""
        if not self.bases:
            return True
        self._prepare()
        while not self._expired() and due.is_anything_due(self.portal.pk):
            before = self.tries.total()
            heard = due.heard(self.portal.pk)
            self._heard_parties([row for row in heard if row.entity_type_id not in DOCUMENT_TYPES])
            for base in self.bases:
                self._parties(base)
            self._heard_documents([row for row in heard if row.entity_type_id in DOCUMENT_TYPES])
            for base in self.bases:
                if not self._documents(base):
                    return False
            if not heard and self.tries.total() == before:
                break  # What is due belongs to a base that was not there when the slice began.
        return not self._expired()

    def _prepare(self, *, anew: bool = False) -> None:
        triggers = any(facts.rules.trade.automation_trigger for facts in self.facts.values())
        self.pipelines = preparing.prepare(
            self.portal, lambda flows: self._run(iter(flows), Learnt(), None), anew=anew, triggers=triggers
        )
        self.anew = anew

    def _not_stuck(self, kind: str, base: OneCBase, rows: Sequence[Row]) -> list[Row]:
        """The rows without those that this slice has tried several times and that are still due as they were: these rest."""
        stuck = [row for row in rows if self.tries[kind, row.pk, row.version] >= MOST_TRIES]
        if stuck:
            log.warning("base %s: %s %ss stay due after they were settled", base.pk, len(stuck), kind)
            learnt = Learnt(again={(kind, str(row.pk)): RETRY_SECONDS for row in stuck})
            Saving(self.portal, base, self.claim).save(learnt)
        self.tries.update((kind, row.pk, row.version) for row in rows)
        return [row for row in rows if row not in stuck]

    def _expired(self) -> bool:
        return time.monotonic() > self.until

    def _run(self, flows: Iterator[Flow], learnt: Learnt, base: OneCBase | None) -> bool:
        saving = Saving(self.portal, base, self.claim)
        # The scheduler only asks whether the notebook has anything in it, and hands it to `save`.
        scheduler = Scheduler(
            self.pipeline, cast(Any, learnt), save=cast(Any, saving.save), mark=saving.mark, expired=self._expired
        )
        finished = scheduler.run(flows)
        if learnt:
            saving.save(learnt)
        return finished

    # buyers

    def _heard_parties(self, heard: Sequence[HeardObject]) -> None:
        """Companies, contacts, requisites and bank details: whose they are becomes due in every base that knows them."""
        if not heard:
            return
        learnt = Learnt()
        versions = {(row.entity_type_id, row.b24_id): row.version for row in heard}
        keys = {key for key in versions if key[0] in PARTY_TYPES}
        parts = [key for key in versions if key[0] not in PARTY_TYPES]
        found: set[Named] = set()
        failed: list[RestError] = []
        if parts:
            self._run(iter([owners.owners_flow(parts, found, failed)]), Learnt(), None)
        party_rows.touch(self.portal.pk, keys | found)
        for key in keys | found:
            people.forget(self.portal.member_id, key)
        unread = parts if failed or self._expired() else []
        learnt.heard.update({key: version for key, version in versions.items() if key not in unread})
        learnt.heard_again.update(dict.fromkeys(unread, RETRY_SECONDS))
        Saving(self.portal, None, self.claim).save(learnt)

    def _parties(self, base: OneCBase) -> None:
        rows = self._not_stuck(PARTY, base, due.parties(base.pk))
        if not rows:
            return
        tools = party_rows.tools_for(self.portal, base)
        works = [work.party_work(row, self.facts[base.pk]) for row in rows]
        for together in party_rows.rounds(works):
            learnt = Learnt()

            def flow(one: Any, learnt: Learnt = learnt) -> Flow:
                yield from settle_party(one, learnt, tools)
                return None

            if not self._run(iter([flow(one) for one in together]), learnt, base):
                break
        party_rows.keep_presets(self.portal, tools)

    # documents

    def _heard_documents(self, heard: Sequence[HeardObject]) -> None:
        """Rows of heard documents become due; documents that no base has yet are read and routed to one."""
        if not heard:
            return
        versions = {(row.entity_type_id, row.b24_id): row.version for row in heard}
        strange = admitting.strangers(self.portal.pk, versions)
        found: dict[Named, Fresh | None] = {}
        learnt = Learnt()
        self._run((admitting.reading(chunk, found, learnt) for chunk in chunks(strange)), learnt, None)
        if not self.anew and any(self._strange(key[0], fresh.item) for key, fresh in found.items() if fresh is not None):
            self._prepare(anew=True)
        candidates = [routing.Candidate(self.facts[base.pk], base.created_at.date()) for base in self.bases]
        read = {key: version for key, version in versions.items() if key not in strange or key in found}
        with transaction.atomic():
            admitting.admit(self.portal.pk, read, found, self.pipelines, candidates)
            lanes.hold(self.claim)
        self.fresh |= {key: fresh for key, fresh in found.items() if fresh is not None}

    def _documents(self, base: OneCBase) -> bool:
        rows = self._not_stuck(DOCUMENT, base, due.documents(base.pk))
        if not rows:
            return True
        learnt = Learnt()
        tools = asking.tools_for(self.portal, base, self.facts[base.pk], self.pipelines)
        works = [work.document_work(row, self.facts[base.pk]) for row in rows]
        fresh, self.fresh = self.fresh, {}
        finished = self._run((reading.chunk_flow(chunk, fresh, tools, learnt) for chunk in chunks(works)), learnt, base)
        if tools.unknown_stages and not self.anew:
            self._prepare(anew=True)
            due.retry(TradeDocument.objects.filter(base=base, pk__in=tools.unknown_stages), self.portal.pk)
        return finished

    def _strange(self, entity_type_id: int, item: Mapping[str, Any]) -> bool:
        return not self.pipelines.knows(entity_type_id, whole(item.get("categoryId")), str(item.get("stageId") or ""))

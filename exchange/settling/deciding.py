"""One click to decide a conflict of a document: whose word holds. Everything else of the document went on meanwhile."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.db.models import F

from b24app import lanes
from exchange import reports
from exchange.models import Problem, TradeDocument
from exchange.settling.untaken import CAUSE

DECIDABLE = ("document-conflict", CAUSE)


def decide(problem: Problem, side: Literal["portal", "onec"]) -> bool:
    """Let the portal's or 1C's values hold in all conflicts of the problem's document; the other side gets them when it is settled.

    Of what 1C would not take ("document-not-taken") only 1C's values can hold: "portal" is told again as long as both differ. The
    caller wakes the settling after commit. False when the problem is closed, no conflict, or its document is gone.
    """
    if problem.cause not in DECIDABLE or problem.kind != "document" or problem.closed_at is not None or problem.base is None:
        return False
    with transaction.atomic():
        rows = TradeDocument.objects.select_for_update().filter(base=problem.base, pk=int(problem.onec_id))
        row = rows.first()
        if row is None:
            return False
        row.known = {**row.known, "decided": side}
        rows.update(known=row.known, version=F("version") + 1, failures=0, not_before=None)
        reports.close(portal=problem.portal, base=problem.base, cause=problem.cause, kind="document", onec_id=problem.onec_id)
        lanes.mark_due(problem.portal_id, work=lanes.DOCUMENTS)
    return True

"""What an administrator can do about problems: send the objects once more, or take note of what only 1C can put right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, JSONField, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.lanes import mark_due
from b24app.pages.respond import announce, localized
from exchange.exports import queue
from exchange.imports.push import retry
from exchange.models import OneCBase, Problem, TradeDocument, TradeParty
from exchange.settling import due

CHUNK = 5000
# What settling brings in line; their problems name the row.
_SETTLED: Mapping[str, QuerySet[Any]] = {"document": TradeDocument.objects.all(), "party": TradeParty.objects.all()}


@require_POST
@admin_required
@localized
def retry_one(request: FrameRequest, problem_id: int) -> HttpResponse:
    """Send one object again."""
    problem = get_object_or_404(_open(request), pk=problem_id)
    return _sent_again(request, _open(request).filter(pk=problem.pk))


@require_POST
@admin_required
@localized
def retry_all(request: FrameRequest, cause: str) -> HttpResponse:
    """Send every object of one cause again."""
    return _sent_again(request, _open(request).filter(cause=cause.replace("\0", "")))


@require_POST
@admin_required
@localized
def take_note(request: FrameRequest, cause: str) -> HttpResponse:
    """Close the problems of a cause; they come back if they are met again."""
    closed = _open(request).filter(cause=cause.replace("\0", "")).update(closed_at=timezone.now())
    say = ngettext("%(count)d entry is closed.", "%(count)d entries are closed.", closed) % {"count": closed}
    return announce(HttpResponse(status=204), say)


def _open(request: FrameRequest) -> QuerySet[Problem]:
    return Problem.objects.filter(portal=request.portal, closed_at=None)


def _again(problems: QuerySet[Problem]) -> int:
    """Let the push take these objects again, however often they failed; the problems stay until that succeeds."""
    groups: dict[tuple[int | None, str], list[str]] = defaultdict(list)
    for base_id, kind, onec_id in problems.values_list("base_id", "kind", "onec_id").iterator():
        groups[base_id, kind].append(onec_id)
    bases = OneCBase.objects.in_bulk({base_id for base_id, kind in groups if base_id})
    for (owner, kind), onec_ids in groups.items():
        if owner in bases and kind:
            for some in _chunks(onec_ids):
                retry(bases[owner], kind, some)
                if kind == queue.KIND:
                    queue.retry_many(bases[owner], some)
                if kind in _SETTLED:
                    keys = [int(onec_id) for onec_id in some if onec_id.isdecimal()]
                    due.retry(_SETTLED[kind].filter(base=owner, pk__in=keys), bases[owner].portal_id)
    stamp = Value({"again": timezone.now().isoformat()}, JSONField())
    problems.update(facts=CombinedExpression(F("facts"), "||", stamp, output_field=JSONField()))
    return sum(len(onec_ids) for onec_ids in groups.values())


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _sent_again(request: FrameRequest, problems: QuerySet[Problem]) -> HttpResponse:
    count = _again(problems)
    mark_due(request.portal.pk)
    say = ngettext("%(count)d entry will be tried again.", "%(count)d entries will be tried again.", count) % {"count": count}
    return announce(HttpResponse(status=204), say)

"""The edge to Celery of what pages do without anybody looking at one."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from b24app.pages import problem_notices
from exchange.models import Problem


@shared_task(name="b24app.tell_problems")
def tell_problems(portal_id: int | None = None, **_: Any) -> None:
    """Tell people of a portal what needs them; without a portal, one such task for each that has open problems."""
    if portal_id is not None:
        problem_notices.tell_problems(portal_id)
        return
    found = Problem.objects.filter(closed_at=None, portal__uninstalled_at=None, portal__trouble="")
    for pk in found.values_list("portal", flat=True).distinct():
        tell_problems.delay(portal_id=pk)

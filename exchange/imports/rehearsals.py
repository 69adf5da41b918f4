"""A preview that somebody waits for: asked for, made in the background, kept beside the base (`observed["rehearsal"]`) until the start."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils import timezone

from exchange.imports.preview import PreviewImpossible, preview
from exchange.models import ImportRun, OneCBase
from exchange.observing import observe
from mapping.models import RuleSet

log = logging.getLogger(__name__)

_KEPT: Final = "rehearsal"
# A large catalogue is looked at for so long; what was found until then is shown as what it is.
SECONDS: Final = 40.0
# A rehearsal that has not been heard of for so long has died with its worker.
LOST_AFTER: Final = dt.timedelta(minutes=3)

State = Literal["", "asked", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`found` is Preview.to_json()'s; `code` says why there is none (a trouble of the portal). `of`: what it was made of."""

    state: State = ""
    at: dt.datetime | None = None
    of: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""

    @property
    def running(self) -> bool:
        return self.state == "asked" and self.at is not None and timezone.now() - self.at < LOST_AFTER


def rehearsal_of(base: OneCBase) -> Rehearsal:
    """The newest rehearsal of the base, whatever became of it."""
    kept: dict[str, Any] = base.observed.get(_KEPT) or {}
    at = kept.get("at")
    return Rehearsal(
        kept.get("state") or "",
        dt.datetime.fromisoformat(at) if at else None,
        str(kept.get("of") or ""),
        kept.get("found") or {},
        str(kept.get("code") or ""),
    )


def made_of(base: OneCBase) -> str:
    """What a rehearsal depends on: the rules in force and the files read. Another text means that there is something new."""
    rules = RuleSet.objects.filter(portal=base.portal_id, scope=base.pk).order_by("-version").values_list("version", flat=True)
    runs = ImportRun.objects.filter(base=base, state=ImportRun.State.READ).order_by("-id").values_list("id", flat=True)
    return f"{rules.first() or 0}.{runs.first() or 0}"


def ask(base: OneCBase, *, anew: bool = False) -> bool:
    """Note that a rehearsal is wanted; False when one is under way, or (without `anew`) the last one still holds."""
    last = rehearsal_of(base)
    if last.running or (not anew and last.state == "done" and last.of == made_of(base)):
        return False
    observe(base, {_KEPT: {"state": "asked", "at": timezone.now().isoformat(), "of": made_of(base), "found": dict(last.found)}})
    return True


def rehearse(base: OneCBase, *, seconds: float = SECONDS) -> Rehearsal:
    """Look at what the push would do, and keep it."""
    of = made_of(base)
    told: dict[str, Any] = {"of": of}
    try:
        told |= {"state": "done", "found": preview(base, seconds=seconds).to_json()}
    except PreviewImpossible as impossible:
        log.warning("base %s cannot be previewed: %s", base.pk, impossible)
        told |= {"state": "failed", "code": impossible.code}
    except Exception:
        observe(base, {_KEPT: {**told, "state": "failed", "code": "defect", "at": timezone.now().isoformat()}})
        raise
    observe(base, {_KEPT: {**told, "at": timezone.now().isoformat()}})
    return rehearsal_of(base)


def forget(base: OneCBase) -> None:
    """The exchange has begun: what was foreseen is of no more use."""
    observe(base, {}, forget=[_KEPT])

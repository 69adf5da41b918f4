"""A base that is being set up: where its administrator is in the wizard, and that nothing goes to the portal before he says "start".

Kept in `OneCBase.observed`: "setup" tells the step and the wishes, "setting_up" (since when) holds the base back (`Bases.working`).
Only a base that was made in the wizard is held; any other exchanges from the first file on, as if nobody ever opened the wizard.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from exchange.models import OneCBase
from exchange.observing import observe
from exchange.working import SETTING_UP

_SETUP: Final = "setup"


@dataclass(frozen=True, slots=True)
class Setup:
    """How far the set-up has come. `held`: nothing goes to the portal yet; `muted`: the first load starts no automation."""

    step: str = ""
    held: bool = False
    muted: bool = True
    started_at: dt.datetime | None = None

    @property
    def unfinished(self) -> bool:
        """Somebody began it and has not started the exchange."""
        return self.held


def setup_of(base: OneCBase) -> Setup:
    """The set-up of a base; of one that never saw the wizard, an empty one."""
    kept: dict[str, Any] = base.observed.get(_SETUP) or {}
    started = kept.get("started_at")
    return Setup(
        step=str(kept.get("step") or ""),
        held=SETTING_UP in base.observed,
        muted=kept.get("muted") is not False,
        started_at=dt.datetime.fromisoformat(started) if started else None,
    )


def hold(base: OneCBase, step: str) -> None:
    """A new base waits, at this step, until it is started: 1C may send meanwhile, everything is read and remembered."""
    observe(base, {SETTING_UP: timezone.now().isoformat(), _SETUP: {"step": step}})


def note(base: OneCBase, **news: Any) -> None:
    """Remember where the administrator is (`step`) or what he wishes (`muted`)."""
    kept: dict[str, Any] = base.observed.get(_SETUP) or {}
    if {**kept, **news} != kept:
        observe(base, {_SETUP: {**kept, **news}})


def let_go(base: OneCBase, *, muted: bool) -> bool:
    """The base exchanges from now on; False when it does already (then nothing is changed)."""
    if SETTING_UP not in base.observed:
        return False
    kept: dict[str, Any] = base.observed.get(_SETUP) or {}
    started = {"muted": muted, "started_at": timezone.now().isoformat()}
    observe(base, {_SETUP: {**kept, **started}}, forget=[SETTING_UP])
    return True

"""The last step: before the start what will happen, after it how far the first load has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from b24app.pages.state import BaseState, base_state
from exchange import setting_up
from exchange.models import OneCBase, Problem, TradeDocument, TradeParty

# By the condition of the base's card; everything else is on its way.
_STATES: Final = {
    "silent": "silent",
    "held": "stuck",
    "paused": "paused",
    "resting": "resting",
    "well": "done",
    "quiet": "done",
}


@dataclass(frozen=True, slots=True)
class Load:
    """`state`: ready (to be started), silent (started, 1C has sent nothing), running, resting (the rest waits for a person or its next
    try), stuck (the portal takes nothing), paused, done.
    """

    state: str
    one: BaseState
    problems: int = 0
    documents: int = 0
    parties: int = 0

    @property
    def busy(self) -> bool:
        return self.state in ("running", "silent")


def load_of(base: OneCBase) -> Load:
    """How the first load of this base stands."""
    one = base_state(base)
    problems = Problem.objects.filter(base=base, closed_at=None).count()
    if setting_up.setup_of(base).held:
        # What 1C has told of already; the portal's own documents follow once the base is at work.
        told = {"base": base, "onec_side__isnull": False}
        documents, parties = (model.objects.filter(**told).count() for model in (TradeDocument, TradeParty))
        return Load("ready", one, problems, documents, parties)
    return Load(_STATES.get(one.condition, "running"), one, problems)

"""What settling parties shares within one base: presets of requisites, the portal's country, and look-ups in what is known already."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from b24app.rest.batching import Outcome
from b24app.rest.errors import RestError
from exchange.imports.flows import Ask
from exchange.planning.portal_parties import Preset, preset_of
from exchange.planning.trade import Party
from exchange.settling.party_reading import listing
from exchange.settling.requisites import READ_PRESETS, own_country

Key = tuple[int, int]
PRESETS = "requisite_presets"  # the fact of the portal that keeps their rows


class Holder(NamedTuple):
    """The party of the base that a company or contact is linked with already; `gone`: 1C has marked it for deletion."""

    pk: int
    onec_id: str
    gone: bool = False


def _nobody(key: Key) -> Holder | None:
    return None


def _nothing(key: Key) -> Party | None:
    return None


@dataclass(slots=True)
class PartyTools:
    """Look-ups answer from the database: `holder` of a portal key; `given`: the key that 1C got this id for from us; `hints`: buyers
    that documents with this counterparty have in the portal now; `people`: contacts linked with these ids of 1C; `needed`: whether a
    document of this counterparty is still to be made in the portal."""

    country: str = ""  # of the portal, "" until the presets have been read
    rows: list[Mapping[str, Any]] | None = None  # presets as the portal told them, None until read
    fresh: bool = False  # whether `rows` were read in this slice, and are to be kept
    holder: Callable[[Key], Holder | None] = _nobody
    # What 1C was last given of a company or contact and confirmed, before it told of it by an id of its own.
    confirmed: Callable[[Key], Party | None] = _nothing
    given: Callable[[str], Key | None] = lambda onec_id: None
    hints: Callable[[str], Sequence[Key]] = lambda onec_id: ()
    people: Callable[[Sequence[str]], Mapping[str, int]] = lambda ids: {}
    needed: Callable[[str], bool] = lambda onec_id: False
    presets: dict[int, Preset] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._take(self.rows)

    def _take(self, rows: Sequence[Mapping[str, Any]] | None) -> None:
        self.presets = {preset.id: preset for preset in map(preset_of, rows or ())}
        if self.presets:
            self.country = own_country(self.presets.values(), self.country)


def read_presets(tools: PartyTools) -> Generator[Ask, list[Outcome], None]:
    """Read the portal's presets once. Raises RestError."""
    if tools.rows is not None:
        return
    outcomes = yield Ask((READ_PRESETS,))
    if tools.rows is None:  # another flow may have read them meanwhile
        tools.rows = [dict(row) for row in listing(outcomes[0])]
        tools.fresh = True
        tools._take(tools.rows)


__all__ = ["PRESETS", "Holder", "Key", "PartyTools", "RestError", "read_presets"]

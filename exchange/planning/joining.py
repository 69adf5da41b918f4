"""Joining by hand: something of the portal that a person may say an object of 1C is, and what would come of that. Pure.

Words for the codes are the pages': `refused` says why it cannot be, `effects` what would happen, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

What = Literal["goods", "documents", "parties"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """`kind` is the entity type (0: a product of the catalogue, then `shape` says which); `note`: sum, type, what tells it apart."""

    kind: int
    id: int
    name: str
    note: str = ""
    shape: str = ""
    own: bool = False  # one of the portal's own companies
    parent_id: int = 0  # of a variant: its product

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What linking would do. `other`: who has it already; `left`: the portal's id that loses its link (0 = none)."""

    refused: str = ""
    effects: tuple[str, ...] = ()
    other: str = ""
    left: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """The row of the base that the candidate belongs to already; `given`: 1C got it from us."""

    pk: int
    onec_id: str
    name: str
    given: bool = False
    gone: bool = False  # 1C has marked it for deletion


def document_outlook(here: tuple[int, int | None], chosen: Candidate, held: Held | None, elsewhere: str, merge: str) -> Outlook:
    """A document of 1C, linked with `here` until now. `elsewhere`: the other base that has the chosen one ("" = none);
    `merge`: whose values hold where both say something ("" = documents of its kind do not travel)."""
    if (chosen.kind, chosen.id) == here:
        return Outlook("same")
    if elsewhere:
        return Outlook("elsewhere", other=elsewhere)
    if not merge:
        return Outlook("no-travel")
    if held is not None and held.onec_id:
        return Outlook("taken", other=held.name)
    if held is not None and held.given:
        return Outlook("given", other=held.name)
    effects = (merge, *(("document-left",) if here[1] else ()))
    return Outlook(effects=effects, left=here[1] or 0)


def party_outlook(here: tuple[int, int | None], chosen: Candidate, held: Held | None) -> Outlook:
    """A counterparty of 1C. One whose company another counterparty has already shares it: two of 1C, one of the portal."""
    if chosen.own:
        return Outlook("own-company")
    if (chosen.kind, chosen.id) == here:
        return Outlook("same")
    left = ("party-left",) if here[1] else ()
    if held is not None and held.onec_id and not held.gone:
        return Outlook(effects=("shared", *left), other=held.name, left=here[1] or 0)
    return Outlook(
        effects=("merge-both", *(("given-joined",) if held is not None and held.given else ()), *left), left=here[1] or 0
    )


def item_outlook(
    here: int, shape: str, chosen: Candidate, held: Held | None, *, parent: int, fixed: bool, other_base: bool, left_shared: bool
) -> Outlook:
    """An item or variant of 1C. `parent`: the product that a variant belongs to; `fixed`: variants hang on the present product;
    `other_base`: another base has the chosen one too; `left_shared`: another base has the present one too."""
    if chosen.id == here:
        return Outlook("same")
    if chosen.shape != shape:
        return Outlook("other-kind")
    if parent and chosen.parent_id != parent:
        return Outlook("other-product")
    if held is not None and not held.gone:
        return Outlook("taken", other=held.name)
    if fixed:
        return Outlook("with-variants")
    effects = ["overwritten"]
    if other_base:
        effects.append("both-bases")
    if here:
        effects.append("product-left" if left_shared else "product-off")
    return Outlook(effects=tuple(effects), left=here)


def shape_of(known: Mapping[str, Any] | None, *, variant: bool, variants: bool, service: bool) -> str:
    """What kind of product an item of 1C is in the portal: as it was made there, else as it would be."""
    if known and known.get("shape"):
        return str(known["shape"])
    return "offer" if variant else "sku" if variants else "service" if service else "product"

"""The configurations by name: who writes, who speaks, and what that 1C can say at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.onec.base import Base
from sandbox.onec.clients import manners
from sandbox.onec.clients.manners import Manners
from sandbox.onec.expecting import Sight
from sandbox.onec.writers import ut11
from sandbox.onec.writers.upload import Options, Portion


@dataclass(frozen=True, slots=True)
class Dialect:
    name: str
    title: str
    manners: Manners
    portions: Callable[[Base, Options], Iterator[Portion]]
    sight: Sight


DIALECTS: dict[str, Dialect] = {
    d.name: d
    for d in (
        Dialect("ut11", "УТ 11", manners.C, ut11.portions, ut11.SIGHT),
        Dialect("ka2", "КА 2", manners.C, ut11.portions, ut11.SIGHT),
        Dialect("erp2", "ERP 2", manners.C, ut11.portions, ut11.SIGHT),
    )
}

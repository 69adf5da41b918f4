"""The configurations by name: who writes, who speaks, and what that 1C can say at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sandbox.onec.base import Base
from sandbox.onec.clients import Client, catalog, manners
from sandbox.onec.clients import module31 as module31_client
from sandbox.onec.clients.manners import Manners
from sandbox.onec.expecting import Sight
from sandbox.onec.writers import module31, unf, ut11, ut103
from sandbox.onec.writers.upload import Options, Portion


@dataclass(frozen=True, slots=True)
class Dialect:
    """`portions` None: this 1C never sends a catalogue."""

    name: str
    title: str
    manners: Manners
    portions: Callable[[Base, Options], Iterator[Portion]] | None
    sight: Sight

    def export(self, base: Base, how: Options) -> Iterator[Portion]:
        """The catalogue of this base as this 1C sends it; raises ValueError if it sends none."""
        if self.portions is None:
            raise ValueError(f"{self.title} never sends a catalogue, it only takes orders")
        return self.portions(base, how)

    def send(self, client: Client, portions: Iterable[Portion], *, wait: bool = True) -> catalog.Sent:
        """Send them the way this 1C does; raises ClientRefused at the first thing it would not take."""
        if self.manners is manners.MODULE31:
            return module31_client.send(client.session, portions)
        return catalog.send(client.session, portions, wait=wait, once=self.manners is manners.D2)


DIALECTS: dict[str, Dialect] = {
    d.name: d
    for d in (
        Dialect("ut11", "УТ 11", manners.C, ut11.portions, ut11.SIGHT),
        Dialect("ka2", "КА 2", manners.C, ut11.portions, ut11.SIGHT),
        Dialect("erp2", "ERP 2", manners.C, ut11.portions, ut11.SIGHT),
        Dialect("ut103", "УТ 10.3", manners.A, ut103.ut103, ut103.SIGHT_A),
        Dialect("utp12", "УТП 1.2", manners.A, ut103.utp12, ut103.SIGHT_A),
        Dialect("upp13", "УПП 1.3", manners.B, ut103.upp13, ut103.SIGHT_B),
        Dialect("unf", "УНФ", manners.D, unf.unf, unf.SIGHT),
        Dialect("unf_new", "УНФ 3.0 (новая интеграция)", manners.D2, unf.unf_new, unf.SIGHT),
        Dialect("unf_docs", "УНФ с подчиненными документами", manners.D_SUBORDINATE, unf.unf, unf.SIGHT),
        Dialect("bp30", "Бухгалтерия 3.0", manners.E, None, Sight()),
        Dialect("module31", "модуль обмена 1С-Битрикс", manners.MODULE31, module31.portions, module31.SIGHT),
    )
}

"""Every sale file that firms have published is read without loss: what is not carried into the portal is listed by name."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from django.conf import settings

from exchange.commerceml import Oddities, meaning, read
from exchange.money import rounded, totals
from exchange.planning import document_words as w
from exchange.planning.counterparties import taken
from exchange.planning.documents import Reading, trades_of
from exchange.records import Counterparty, OrderDocument

SAMPLES = Path(os.environ.get("ONEC_SAMPLES", settings.BASE_DIR.parent / "shared" / "samples" / "commerceml"))
FILES = sorted(path for folder in ("orders", "orders+catalog", "counterparties") for path in SAMPLES.glob(f"{folder}/*/*.xml"))


def test_every_document_and_every_requisite_of_every_sample_is_accounted_for():
    met: Counter[str] = Counter()
    for path in FILES:
        oddities = Oddities()
        records = list(read(path, oddities=oddities))
        documents = [record for record in records if isinstance(record, OrderDocument)]
        found = trades_of(documents, meaning.CURRENCIES)
        assert len(found.orders) + len(found.loose) + len(found.not_taken) == len(documents), path
        _nothing_is_lost(path, documents, found)
        parties = [taken(record) for record in records if isinstance(record, Counterparty)]
        assert all(one.party.id and one.party.name for one in parties if one.party.name), path
        met.update(orders=len(found.orders), loose=len(found.loose), not_taken=len(found.not_taken), parties=len(parties))
    # The samples are no part of this project: where they are, all of them are read.
    assert not FILES or (min(met.values()) > 0 and met["orders"] > 60)


def _nothing_is_lost(path: Path, documents: list[OrderDocument], found: Reading) -> None:
    by_name = {document.number: document for document in documents}
    for order in found.orders:
        trade, document = order.trade, by_name[order.trade.number]
        assert len(trade.lines or ()) == len(document.lines), path
        for line, given in zip(trade.lines or (), document.lines, strict=True):
            assert (line.item_id, line.name) == (given.product.id, given.product.name or ""), path
            assert given.quantity is None or line.quantity == given.quantity, path
        if document.amount is not None and trade.lines:
            assert totals(trade.lines, trade.currency).amount == rounded(document.amount, trade.currency), path
        told = {w.plain(name.rpartition(": ")[2]) for name, _ in trade.facts}
        for requisite in document.requisites:
            name = w.plain(requisite.name)
            assert not any(requisite.values) or name in w.REQUISITES or name in told, (path, requisite)
            assert name not in told or any(w.plain(listed) == name for listed in found.not_carried), (path, requisite)

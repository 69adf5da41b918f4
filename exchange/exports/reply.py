"""The answer to `query`: the documents that wait, written into a file first, so that 1C gets its exact length, then sent in pieces.

Nothing here asks the portal: what 1C gets stands ready in the database. Memory does not grow with the number of documents.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from b24app.models import Portal
from exchange.commerceml.write_documents import Unwritable, empty, footer, header, render_document
from exchange.dialects import Dialect
from exchange.exports import queue, serving
from exchange.models import ExchangeSession, TradeDocument
from exchange.planning.outgoing import from_data
from exchange.protocol import Answer
from mapping.load import rules_of

log = logging.getLogger(__name__)

PIECE: Final = 64 * 1024
# Up to here the file is kept in memory.
_SMALL: Final = 1024 * 1024
_ROWS: Final = 100
# How many documents one request sets aside for an error nobody foresaw: more are a defect of ours, which must not empty the queue.
_DEFECTS: Final = 20
_NUMBERS_TOLD: Final = 100


class _Written:
    """An answer being written into a file: which versions of which documents are in it, and which could not be told."""

    def __init__(self, documents: QuerySet[TradeDocument], dialect: Dialect, moment: dt.datetime) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_SMALL)  # noqa: SIM115 (closed when it is sent)
        self.ids, self.versions = array("q"), array("q")
        self.numbers: list[str] = []
        self.broken: dict[str, list[int]] = {}
        rows = documents.values_list("pk", "outgoing_version", "number", "outgoing")
        # A cursor of the server's own lives in a transaction.
        with transaction.atomic():
            for pk, version, number, data in rows.iterator(chunk_size=_ROWS):
                document = self._document(pk, data or {}, dialect)
                if document is not None:
                    self.file.write(document if self.ids else header(dialect, moment) + document)
                    self._count(pk, version, number)
        self.file.write(footer(dialect) if self.ids else empty(dialect, moment))
        self.size = self.file.tell()

    def _document(self, pk: int, data: Mapping[str, Any], dialect: Dialect) -> bytes | None:
        try:
            return render_document(from_data(data), dialect)
        except Unwritable as error:
            self.broken.setdefault(str(error), []).append(pk)
        except Exception as error:
            log.exception("document %s cannot be written", pk)
            broken = self.broken.setdefault(type(error).__name__, [])
            broken.append(pk)
            if len(broken) > _DEFECTS:
                raise
        return None

    def _count(self, pk: int, version: int, number: str) -> None:
        self.ids.append(pk)
        self.versions.append(version)
        if len(self.numbers) < _NUMBERS_TOLD:
            self.numbers.append(number)


def orders(session: ExchangeSession, dialect: Dialect, *, head: bool = False) -> Answer:
    """What 1C gets now. It counts as served when all but the last piece is sent; with `head` it is only measured."""
    base = session.base
    serving.set_rejected_aside(session, rules_of(base.portal_id, base.pk).trade.poison_after)
    moment = _moment(base.portal)
    written = _Written(serving.portion(session, dialect), dialect, moment)
    while written.broken:
        for reason, ids in written.broken.items():
            queue.set_aside(base, TradeDocument.objects.filter(pk__in=ids), queue.NOT_WRITTEN, {"reason": reason})
        if written.ids:
            break
        # Nothing is left of this portion, but others may wait.
        written = _Written(serving.portion(session, dialect), dialect, moment)

    def served() -> None:
        if written.ids:
            serving.remember(session, written.ids, written.versions, only=not dialect.asks_until_empty)

    told = f"XML, {written.size} bytes, {len(written.ids)} documents {', '.join(written.numbers)}".rstrip()
    chunks = iter(()) if head else pieces(written.file, written.size, served)
    return Answer("", xml=True, chunks=chunks, size=written.size, charset=dialect.encoding, told=told)


def pieces(file: IO[bytes], size: int, served: Callable[[], Any]) -> Iterator[bytes]:
    """The file in pieces; `served` is called before the last one leaves: whoever hangs up before it got nothing.

    After it would be too late, because a quick client says `success` as soon as it has the last byte.
    """
    with file:
        file.seek(0)
        while size > 0:
            piece = file.read(PIECE)
            size -= len(piece)
            if size <= 0 or not piece:
                served()
            yield piece


def _moment(portal: Portal) -> dt.datetime:
    """Now, by the portal's clock."""
    offset = portal.facts.get("utc_offset")
    known = isinstance(offset, int) and abs(offset) < 86400
    return timezone.now().astimezone(dt.timezone(dt.timedelta(seconds=offset)) if known else dt.UTC)

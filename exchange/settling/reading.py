"""Documents of one base read together, with those who take part in them; then each is settled on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from b24app.rest.errors import RestError
from exchange.imports.flows import Flow
from exchange.planning.portal_trades import Fresh
from exchange.settling.document_flow import document_flow, name_of
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt, fail
from exchange.settling.gather import Named, read_documents
from exchange.settling.people import read_people


def chunk_flow(works: Sequence[DocumentWork], read: Mapping[Named, Fresh], tools: DocumentTools, log: Learnt) -> Flow:
    """Read what the documents need and settle each; `read` are documents that were read a moment ago."""
    keys = {(work.entity_type_id, work.b24_id) for work in works if work.b24_id is not None}
    fresh = {key: read[key] for key in keys if key in read}
    try:
        missing = keys - set(fresh)
        if missing:
            fresh |= yield from read_documents(missing)
        yield from read_people(fresh.values(), tools)
    except RestError as error:
        for work in works:
            fail(work.key, work.version, name_of(work), error, log)
        return None
    return [
        document_flow(work, fresh.get((work.entity_type_id, work.b24_id)) if work.b24_id else None, tools, log) for work in works
    ]

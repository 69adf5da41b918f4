"""Sale files and reference books that 1C sends: kept whole, and opened as runs; imports/trade.py reads them."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from exchange import archives, sessions
from exchange.file_names import extension, reading_order
from exchange.models import ExchangeSession, ImportRun, UploadedFile
from exchange.protocol import DOCTYPE, FILE_EMPTY, NOT_XML
from exchange.storage import is_complete_xml
from exchange.unpacking import is_archive, unpack


def take(session: ExchangeSession, file: UploadedFile, type_: str) -> ImportRun:
    """Keep a document file as a run of its own, waiting to be read; a file that is no whole XML document fails. Safe to repeat."""
    run = sessions.run_of(file)
    if run is not None:
        return run
    error = _fault(Path(file.path))
    run = sessions.open_run(session, file.name, type_)
    if error and run.state == ImportRun.State.WAITING:
        run.state, run.error = ImportRun.State.FAILED, error
        run.started_at = run.finished_at = timezone.now()
        run.save(update_fields=["state", "error", "started_at", "finished_at"])
    return run


def take_at_once(session: ExchangeSession, file: UploadedFile, type_: str, *, seconds: float) -> list[ImportRun]:
    """Take what is complete after this piece; a file that is still coming is no fault and gives nothing yet."""
    if is_archive(file):
        if not archives.is_complete(Path(file.path)):
            return []
        state = unpack(session, file.name, seconds=seconds)
        if state is None or not state.finished:
            return []
        entries = UploadedFile.objects.filter(session=session, path__startswith=f"{file.path}.unpacked/", name__iendswith=".xml")
        return [take(session, entry, type_) for entry in sorted(entries, key=lambda entry: reading_order(entry.name))]
    if extension(file.name) == "xml" and is_complete_xml(Path(file.path)):
        return [take(session, file, type_)]
    return []


def _fault(path: Path) -> str:
    if not path.is_file() or path.stat().st_size == 0:
        return FILE_EMPTY
    with path.open("rb") as stream:
        head = stream.read(4096).replace(b"\0", b"")
    if b"<!DOCTYPE" in head.upper():
        return DOCTYPE
    return "" if is_complete_xml(path) else NOT_XML

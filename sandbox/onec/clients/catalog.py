"""Sends a catalogue: a session for every portion, files or one archive, then import after import."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.onec.clients.session import Session, archive_name
from sandbox.onec.writers.upload import OutFile, Portion


@dataclass(slots=True)
class Sent:
    """What went through: counts, and the remarks the server added to its `success` answers."""

    portions: int = 0
    files: int = 0
    bytes: int = 0
    imports: int = 0
    notes: list[str] = field(default_factory=list)


def send(new_session: Callable[[], Session], portions: Iterable[Portion], *, wait: bool = True, once: bool = False) -> Sent:
    """Send every portion; raises ClientRefused at the first thing this 1C would not take.

    `wait`: ask for the import of each file and wait for it; `once`: do not repeat after a first `progress`.
    """
    sent = Sent()
    if new_session().manners.tries_connection_first:
        new_session().checkauth()
    for portion in portions:
        session = new_session()
        session.checkauth()
        session.init()
        upload(session, portion, sent)
        if wait:
            for file in portion.xml:
                session.import_(file.name, once=once)
                sent.imports += 1
        sent.portions += 1
        sent.notes += session.notes
    return sent


def upload(session: Session, portion: Portion, sent: Sent) -> None:
    """Post the files of a portion, packed into one archive when the server asked for that."""
    files = in_folder_order(portion.files, import_first=session.manners.import_first)
    if session.zip and files:
        archive = portion.archive or pack(files)
        files = [OutFile(archive_name(archive), archive)]
    for file in files:
        session.put(file.name, file.data)
        sent.files += 1
        sent.bytes += len(file.data)


def in_folder_order(files: Iterable[OutFile], *, import_first: bool) -> list[OutFile]:
    """As the export folder lists them; УНФ puts the files with "import" in their name first."""
    return sorted(files, key=lambda f: ("import" not in f.name.rpartition("/")[2] if import_first else False, f.name))


def pack(files: Iterable[OutFile]) -> bytes:
    """The export folder as one archive: XML at the root, pictures under their folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name, (2026, 5, 11, 12, 0, 0)), file.data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

"""What each mode does: one function per mode, from what 1C asks to the answer it gets. Nothing slow happens here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from exchange import documents, protocol, reports, sessions, storage
from exchange.credentials import Credentials
from exchange.dialects import Dialect, choose
from exchange.exports import dictionaries, news, serving
from exchange.exports import reply as answering
from exchange.file_names import clean_name, reading_order
from exchange.imports import pipeline
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.protocol import Answer, Refused
from exchange.tasks import read_at_once, wake_reading
from exchange.unpacking import is_archive, unpack

log = logging.getLogger(__name__)

# How long one request may unpack; the client asks again.
UNPACK_SECONDS: Final = 12.0
# Characters of an answer that name single documents: УНФ and Бухгалтерия take no more than 255 altogether.
MOST_TOLD: Final = 130
_AT_WORK: Final = (ImportRun.State.WAITING, ImportRun.State.READING)

sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of 1C, parsed; texts are as sent. `length` None: the body says itself where it ends."""

    method: str
    type: str
    mode: str
    credentials: Credentials
    stream: IO[bytes]
    length: int | None = 0
    file_name: str = ""
    sessid: str = ""
    version: str = ""
    cml_version: str = ""
    timestamp: str = ""
    key: str = ""
    address: str = ""
    agent: str = ""


class Exchange(NamedTuple):
    """A request whose sender is known."""

    asked: Asked
    base: OneCBase
    session: ExchangeSession
    dialect: Dialect


class Reply(NamedTuple):
    """The answer, the encoding of its text, and the base it went to (None: not signed in)."""

    answer: Answer
    encoding: str
    base: OneCBase | None


def reply(asked: Asked) -> Reply:
    """Answer a request. Whatever 1C did wrong is a `failure` with a sentence; only a defect of ours raises."""
    base, encoding = None, "windows-1251"
    try:
        who = sessions.sign_in(asked.credentials, key=asked.key, address=asked.address, sessid=asked.sessid, type_=asked.type)
        base = who.base
        sessions.touch(base, _said(asked))
        encoding = choose(base.configuration, asked.version or (who.session.version if who.session else "")).encoding
        return Reply(_answer(asked, who), encoding, base)
    except sessions.TooManyTries as refused:
        return Reply(protocol.failure(refused.text), encoding, None)
    except Refused as refused:
        return Reply(protocol.failure(refused.text), encoding, base or sessions.base_named(asked.credentials.login))


def _answer(asked: Asked, who: sessions.SignedIn) -> Answer:
    if asked.type == protocol.LISTEN:
        return protocol.success() if news.wait(who.base, sleep) else protocol.no_news()
    modes = protocol.MODES.get(asked.type)
    if modes is None:
        raise Refused(protocol.UNKNOWN_TYPE)
    if asked.mode not in modes or asked.method not in ("GET", "POST", "HEAD"):
        raise Refused(protocol.UNKNOWN_MODE)
    if asked.mode == "checkauth":
        return _checkauth(asked, who)
    session = sessions.session_for(who, asked.type)
    if asked.mode == "init" or (asked.version and asked.version != session.version):
        sessions.negotiate(session, asked.version, asked.cml_version, new=asked.mode == "init")
    exchange = Exchange(asked, who.base, session, choose(who.base.configuration, session.version, session.cml_version))
    return _HANDLERS[asked.mode](exchange)


def _checkauth(asked: Asked, who: sessions.SignedIn) -> Answer:
    session, token = sessions.open_session(who.base, asked.type)
    if asked.type == "get_catalog":
        return protocol.signed_in_shortly(token)
    stamp = int(timezone.now().timestamp()) if asked.type == "catalog" else None
    return protocol.signed_in(token, session.form_token, stamp)


def _init(exchange: Exchange) -> Answer:
    storage.close_uploads(exchange.session)
    allowed = settings.EXCHANGE_ZIP and exchange.dialect.zip and exchange.asked.type != "reference"
    return protocol.parameters(
        zip_allowed=allowed,
        file_limit=settings.EXCHANGE_FILE_LIMIT,
        sessid=exchange.session.form_token,
        version=exchange.dialect.init_version if exchange.asked.version else "",
    )


def _file(exchange: Exchange) -> Answer:
    asked = exchange.asked
    if not asked.file_name:
        raise Refused(protocol.NO_FILE_NAME)
    if asked.method != "POST":
        raise Refused(protocol.NO_BODY)
    file = storage.receive(exchange.session, asked.file_name, asked.stream, asked.length)
    if asked.type == "catalog" or not exchange.dialect.sale_at_file:
        return protocol.success()
    # These clients never ask to import what they send as a sale.
    runs = documents.take_at_once(exchange.session, file, asked.type, seconds=UNPACK_SECONDS)
    for run in runs:
        _begin(run)
    # Whatever is still to be read is safe, and there will be no other request to tell its outcome.
    return _outcome(runs) if runs else protocol.success()


def _import(exchange: Exchange) -> Answer:
    asked = exchange.asked
    if not asked.file_name:
        raise Refused(protocol.NO_FILE_NAME)
    name = clean_name(asked.file_name)
    state = unpack(exchange.session, name, seconds=UNPACK_SECONDS)
    if state is not None and not state.finished:
        if not state.total:
            sleep(exchange.dialect.hold)
        return protocol.progress(protocol.unzipping(*state))
    # Once unpacked the file is begun with at once: УНФ's newer exchange takes a first `progress` for the end.
    file = storage.stored(exchange.session, name)
    if file is None:
        raise Refused(protocol.never_sent(name))
    files = [file]
    if file.unpacked_at is not None and file.size == 0:
        # The archive itself was named: everything in it is meant.
        entries = UploadedFile.objects.filter(
            session=exchange.session, path__startswith=f"{file.path}.unpacked/", name__iendswith=".xml"
        )
        files = sorted(entries, key=lambda entry: reading_order(entry.name))
    if asked.type != "catalog":
        runs = [documents.take(exchange.session, each, asked.type) for each in files]
        for run in runs:
            _begin(run)
        return _answer_of_runs(runs, exchange.dialect.hold)
    return _answer_of_runs([_run(exchange, each) for each in files], exchange.dialect.hold)


def _run(exchange: Exchange, file: UploadedFile) -> ImportRun:
    run = sessions.run_of(file)
    if run is None:
        if is_archive(file):
            raise Refused(protocol.UNZIP_FAILED)
        run = sessions.open_run(exchange.session, file.name, exchange.asked.type)
        start_reading(run)
    return run


def start_reading(run: ImportRun) -> None:
    """Wake a worker for the run once it is saved; should that fail, the tick finds it."""
    transaction.on_commit(lambda: wake_reading(run), robust=True)


def _answer_of_runs(runs: list[ImportRun], hold: float) -> Answer:
    """The answer for the first run that is not read yet, waited for a little; success when all are."""
    for run in runs:
        for nap in naps(hold):
            if run.state not in _AT_WORK:
                break
            sleep(nap)
            run.refresh_from_db(fields=["state", "bytes_read", "counts", "error", "lease_until", "started_at"])
        if run.state == ImportRun.State.FAILED:
            return protocol.failure(run.error or protocol.not_read(run.file_name))
        if run.state in _AT_WORK:
            return _progress_of(run)
    return _outcome(runs)


def _begin(run: ImportRun) -> None:
    """Read a file of documents now if it is small, else let a worker read it."""
    if run.state == ImportRun.State.WAITING and run.attempts == 0 and run.lease_until is None:
        if read_at_once(run):
            run.refresh_from_db()
        else:
            start_reading(run)


def _outcome(runs: list[ImportRun]) -> Answer:
    """What came of runs that nobody waits for any longer; what a file left undone is told in further lines, never as a failure."""
    bad = next((run for run in runs if run.state == ImportRun.State.FAILED), None)
    if bad is not None:
        return protocol.failure(bad.error or protocol.not_read(bad.file_name))
    failed = sum(int(run.counts.get("failed", 0)) for run in runs)
    if not failed:
        return protocol.success(protocol.IMPORTED)
    return protocol.success(protocol.IMPORTED, *reports.lines_of(runs, MOST_TOLD), protocol.not_taken(failed))


def naps(seconds: float) -> Iterator[float]:
    """Pauses between looks at a run, short ones first, together about `seconds`."""
    nap, slept = 0.05, 0.0
    while slept < seconds:
        yield nap
        slept, nap = slept + nap, min(nap * 2, 0.25)


def _progress_of(run: ImportRun) -> Answer:
    silent = sessions.silent_for(run, timezone.now())
    if silent > sessions.SILENT_TOO_LONG:
        raise Refused(protocol.STALLED)
    if run.state == ImportRun.State.WAITING:
        return protocol.progress(protocol.waiting_state(run.file_name, run.size))
    return protocol.progress(protocol.reading_state(run.counts, run.bytes_read / max(1, run.size)))


def _deactivate(exchange: Exchange) -> Answer:
    if not exchange.asked.timestamp.strip().isascii() or not exchange.asked.timestamp.strip().isdecimal():
        raise Refused(protocol.NO_TIMESTAMP)
    # Nothing is ever removed because a file did not name it: it is noted, and proposed to a person.
    moment = int(exchange.asked.timestamp.strip()[:12])
    sessions.touch(exchange.base, sessions.Said(absent_before=moment))
    pipeline.propose_absent(exchange.base, moment)
    return protocol.success(protocol.DEACTIVATED)


def _complete(exchange: Exchange) -> Answer:
    return protocol.success(protocol.COMPLETED)


def _query(exchange: Exchange) -> Answer:
    if exchange.asked.type == "get_catalog":
        return protocol.site_catalog_empty()
    return answering.orders(exchange.session, exchange.dialect, head=exchange.asked.method == "HEAD")


def _success(exchange: Exchange) -> Answer:
    if exchange.asked.type == "sale":
        serving.confirm(exchange.session)
    return protocol.success()


def _info(exchange: Exchange) -> Answer:
    return dictionaries.dictionaries(exchange.base)


_HANDLERS: Final[Mapping[str, Callable[[Exchange], Answer]]] = {
    "init": _init,
    "file": _file,
    "import": _import,
    "deactivate": _deactivate,
    "complete": _complete,
    "query": _query,
    "success": _success,
    "info": _info,
}


def _said(asked: Asked) -> sessions.Said:
    return sessions.Said(
        agent=asked.agent[:100],
        version=asked.version[:10],
        cml_version=asked.cml_version[:10],
        sessid=bool(asked.sessid),
        cookie=bool(asked.credentials.token),
        imports=asked.type if asked.mode == "import" and asked.type in protocol.MODES else "",
    )

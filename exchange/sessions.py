"""1C bases and their exchange sessions: making a base, signing in, and opening the run of a file.

A session lasts from one checkauth to the next. It is found by the cookie that checkauth gave, else by the form token, else it
is the newest one of the base: some clients send everything, some only their password.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from b24app.models import Portal
from exchange import guessing
from exchange.credentials import Credentials
from exchange.dialects import BY_CONFIGURATION
from exchange.file_names import reading_order
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.observing import CONTACT_STEP
from exchange.observing import Said as Said
from exchange.observing import touch as touch
from exchange.protocol import BAD_LOGIN, BAD_SESSID, NO_CREDENTIALS, PAUSED, SWITCHED_OFF, WRONG_ADDRESS, Refused, too_many_tries
from exchange.storage import is_complete_xml
from exchange.unpacking import archives_are_whole, unpack

log = logging.getLogger(__name__)

# No letters that are mistaken for one another: people type these off a screen.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LOGIN: Final = re.compile(r"^[a-z0-9-]{1,40}$")
# An exchange may run for hours, the pauses inside it may not.
SESSION_IDLE: Final = dt.timedelta(hours=12)
# A run that nobody works on for so long is told to 1C as a failure (it is read all the same, later).
SILENT_TOO_LONG: Final = dt.timedelta(minutes=20)
FORGOTTEN_AFTER: Final = dt.timedelta(seconds=60)
FORGOTTEN_WITHIN: Final = dt.timedelta(hours=1)
FORGOTTEN_UNPACK_SECONDS: Final = 5.0


class TooManyTries(Refused):
    """Somebody guesses passwords: not even worth a row in the journal."""


class SignedIn(NamedTuple):
    """Who asks: the base, and its session if the request names one (by cookie or form token)."""

    base: OneCBase
    session: ExchangeSession | None


def create_base(portal: Portal, name: str, configuration: str = "other") -> tuple[OneCBase, str]:
    """Make a base and return it with its password, which can never be shown again; ValueError for an unknown configuration."""
    if configuration not in BY_CONFIGURATION:
        raise ValueError(f"unknown configuration: {configuration}")
    password = _password()
    for attempt in range(8):
        try:
            with transaction.atomic():
                base = OneCBase.objects.create(
                    portal=portal,
                    name=name.strip()[:100] or "1C",
                    configuration=configuration,
                    key=_word(20),
                    login=f"1c-{_word(6 + attempt)}",
                    password=make_password(password),
                )
        except IntegrityError:
            continue
        return base, password
    raise RuntimeError("no free login found")


def new_password(base: OneCBase) -> str:
    """Give the base another password and return it; whoever signed in with the old one is out at once."""
    password = _password()
    with transaction.atomic():
        base.password = make_password(password)
        base.save(update_fields=["password"])
        for session in ExchangeSession.objects.filter(base=base).only("pk"):
            session.token_digest = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
            session.form_token = secrets.token_hex(16)
            session.save(update_fields=["token_digest", "form_token"])
    return password


def exchange_url(base: OneCBase) -> str:
    """The address to type into 1C."""
    return f"{settings.APP_URL}/1c/{base.key}/"


def sign_in(asked: Credentials, *, key: str, address: str, sessid: str = "", type_: str = "") -> SignedIn:
    """Tell the base (and session) of a request; raises Refused with the sentence for 1C.

    A good cookie is enough, and spares hashing the password; a login beside it must be that base's. `key` is the one in the
    address ("" for the addresses that all bases share).
    """
    session = _session_of(asked.token) if asked.token else None
    if session is not None and asked.login and asked.login.casefold() != session.base.login:
        raise Refused(BAD_LOGIN)
    base = session.base if session is not None else _base_by_password(asked, address)
    if key and key != base.key:
        raise Refused(WRONG_ADDRESS)
    if base.portal.uninstalled_at is not None:
        raise Refused(SWITCHED_OFF)
    if base.paused_at is not None:
        raise Refused(PAUSED)
    if sessid:
        if session is None:
            session = _live(base).filter(form_token=sessid).order_by("-id").first()
        if session is None or not secrets.compare_digest(session.form_token.encode(), sessid.encode(errors="replace")):
            raise Refused(BAD_SESSID.get(type_, BAD_SESSID[""]))
    return SignedIn(base, session)


def open_session(base: OneCBase, type_: str) -> tuple[ExchangeSession, str]:
    """Begin a session and return it with its cookie's value, which only its digest is kept of."""
    token = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(32))
    session = ExchangeSession.objects.create(
        base=base, type=type_[:20], token_digest=_token_digest(token), form_token=secrets.token_hex(16)
    )
    return session, token


def session_for(who: SignedIn, type_: str) -> ExchangeSession:
    """The session that the request belongs to; a client that sends its password alone continues its newest of this type."""
    session = who.session or _live(who.base).filter(type=type_[:20]).order_by("-id").first()
    if session is None:
        session, _ = open_session(who.base, type_)
    elif session.last_at < timezone.now() - CONTACT_STEP:
        session.save(update_fields=["last_at"])
    return session


def negotiate(session: ExchangeSession, version: str, cml_version: str, *, new: bool) -> None:
    """Note the versions the client names; with `new` (an init) those it does not name are forgotten."""
    wanted = (version[:10] or ("" if new else session.version), cml_version[:10] or ("" if new else session.cml_version))
    if wanted != (session.version, session.cml_version):
        session.version, session.cml_version = wanted
        session.save(update_fields=["version", "cml_version"])


def base_named(login: str) -> OneCBase | None:
    """The base whose login this is, signed in or not: for the journal."""
    return OneCBase.objects.filter(login=login.casefold()).first() if _LOGIN.match(login.casefold()) else None


def open_run(session: ExchangeSession, file_name: str, type_: str = "") -> ImportRun:
    """The run of an uploaded file: a new waiting one, or the one this very upload already has.

    `file_name` is the upload's clean name; raises UploadedFile.DoesNotExist when it was never sent. The upload is closed: more
    pieces under its name begin a new file, so that a run's file never changes.
    """
    with transaction.atomic():
        file = UploadedFile.objects.select_for_update().get(session=session, name=file_name)
        run = ImportRun.objects.filter(session=session, file_name=file_name, path=file.path).order_by("-id").first()
        if run is not None:
            return run
        if file.closed_at is None:
            file.closed_at = timezone.now()
            file.save(update_fields=["closed_at"])
        return ImportRun.objects.create(
            base_id=session.base_id,
            session=session,
            type=type_ or session.type,
            file_name=file_name,
            path=file.path,
            size=file.size,
        )


def run_of(file: UploadedFile) -> ImportRun | None:
    """The run that this very upload already has."""
    return ImportRun.objects.filter(session_id=file.session_id, file_name=file.name, path=file.path).order_by("-id").first()


def silent_for(run: ImportRun, now: dt.datetime) -> dt.timedelta:
    """How long nobody has shown any sign of working on the run."""
    return now - max(moment for moment in (run.created_at, run.started_at, run.lease_until) if moment is not None)


def pick_up_forgotten(now: dt.datetime | None = None) -> list[ImportRun]:
    """Open runs for whole files that nobody asked to import, once their session is quiet; they wait for any worker then.

    УТ 11 and УНФ can be set to upload without waiting, and УНФ's newer exchange takes a first `progress` for the end.
    Dictionaries and goods are opened before offers, prices before stock. After a failure 1C sends everything again by itself.
    """
    now = now or timezone.now()
    files = _unread(now).filter(session__last_at__lt=now - FORGOTTEN_AFTER, session__base__paused_at=None)
    quiet = ExchangeSession.objects.filter(pk__in=files.values("session_id"))
    runs: list[ImportRun] = []
    for session in quiet.exclude(importrun__state=ImportRun.State.FAILED).order_by("id"):
        runs += _take_forgotten(session)
    return runs


def awaits_reading(base: OneCBase) -> bool:
    """Whether a file of goods that the base has sent is being read, or lies here and will be (see pick_up_forgotten)."""
    states = (ImportRun.State.WAITING, ImportRun.State.READING)
    at_work = ImportRun.objects.filter(base=base, type="catalog", session__isnull=False, state__in=states)
    failed = ImportRun.objects.filter(session=OuterRef("session"), state=ImportRun.State.FAILED)
    return at_work.exists() or _unread(timezone.now()).filter(~Exists(failed), session__base=base).exists()


def _unread(now: dt.datetime) -> QuerySet[UploadedFile]:
    """Whole files and archives of lately that have no run."""
    taken = ImportRun.objects.filter(session=OuterRef("session"), path=OuterRef("path"))
    return UploadedFile.objects.filter(
        ~Exists(taken),
        Q(name__iendswith=".xml") | (Q(name__iendswith=".zip", unpacked_at=None) & ~Q(name__contains="/")),
        session__type="catalog",
        session__last_at__gte=now - FORGOTTEN_WITHIN,
    )


def _take_forgotten(session: ExchangeSession) -> list[ImportRun]:
    if not archives_are_whole(session):
        return []
    try:
        state = unpack(session, seconds=FORGOTTEN_UNPACK_SECONDS)
    except Refused as refused:
        # Nobody waits for an answer: it is not tried again.
        log.warning("session %s: %s", session.pk, refused.text)
        UploadedFile.objects.filter(session=session, name__iendswith=".zip").update(unpacked_at=timezone.now())
        return []
    if state is not None and not state.finished:
        return []
    files = UploadedFile.objects.filter(session=session, name__iendswith=".xml")
    whole = [file for file in files if run_of(file) is None and is_complete_xml(Path(file.path))]
    return [open_run(session, file.name) for file in sorted(whole, key=lambda file: reading_order(file.name))]


def _session_of(token: str) -> ExchangeSession | None:
    return (
        ExchangeSession.objects.select_related("base__portal")
        .filter(token_digest=_token_digest(token), last_at__gt=timezone.now() - SESSION_IDLE)
        .first()
    )


def _live(base: OneCBase) -> QuerySet[ExchangeSession]:
    return ExchangeSession.objects.filter(base=base, last_at__gt=timezone.now() - SESSION_IDLE)


def _base_by_password(asked: Credentials, address: str) -> OneCBase:
    if not asked.login:
        raise Refused(BAD_LOGIN if asked.token else NO_CREDENTIALS)
    login = asked.login.casefold()
    seconds = guessing.pause(login, address)
    if seconds:
        raise TooManyTries(too_many_tries(seconds))
    base = OneCBase.objects.select_related("portal").filter(login=login).first() if _LOGIN.match(login) else None
    if base is not None and guessing.is_known(base, asked.password):
        return base
    if base is None:
        # The same work as for a login that exists, so that the time does not tell which ones do.
        make_password(asked.password)
    elif check_password(asked.password, base.password):
        guessing.succeeded(login, address)
        guessing.remember(base, asked.password)
        return base
    guessing.failed(login, address)
    raise Refused(BAD_LOGIN)


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _password() -> str:
    return "-".join(_word(4) for _ in range(3))

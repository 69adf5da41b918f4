"""The live line of the first step: what has come from 1C so far, from the first knock to the last item."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from b24app.pages import progress
from b24app.pages.causes import Text
from b24app.pages.state import moment
from exchange import protocol
from exchange.models import ExchangeRequest, ExchangeSession, ImportRun, OneCBase, StateRow, UploadedFile

# Why 1C was turned away, in the reader's language; 1C itself was told in Russian.
_REFUSED: dict[str, Text] = {
    protocol.BAD_LOGIN: gettext_lazy("The user name or the password is not the one shown here. Copy both again."),
    protocol.NO_CREDENTIALS: gettext_lazy("1C sent no user name and no password. Type both into its exchange settings."),
    protocol.WRONG_ADDRESS: gettext_lazy("The address is that of another base. Copy it again."),
    protocol.PAUSED: gettext_lazy("The base is paused here. Resume it on the overview."),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One of the three things that happen one after the other. `state`: done, now or ahead."""

    title: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """How far 1C has come. `said` is the line itself; `refused`: why 1C was turned away last ("" = it was not)."""

    said: str
    marks: tuple[Mark, ...]
    refused: str = ""
    items: int = 0
    busy: bool = True

    @property
    def done(self) -> bool:
        return not self.busy


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of 1C's calls: when it signed in last, why it was turned away since, files and bytes, runs by state, items."""

    signed_in: str = ""
    refused: str = ""
    files: int = 0
    size: int = 0
    reading: str = ""
    percent: int = 0
    left: str = ""
    waiting: int = 0
    read: int = 0
    items: int = 0


def contact_of(base: OneCBase) -> Contact:
    """What the page says of this base now."""
    return told(heard_of(base))


def told(heard: Heard) -> Contact:
    """The line and the marks for what was heard."""
    busy = not (heard.read and not heard.waiting and not heard.reading)
    knocked, came = bool(heard.signed_in), bool(heard.files or heard.read or heard.reading)
    marks = (
        Mark(_("1C signs in"), "done" if knocked else "now", heard.signed_in),
        Mark(_("1C sends files"), "done" if heard.read or heard.reading else "now" if knocked else "ahead", _files(heard)),
        Mark(_("The items are read"), "done" if not busy else "now" if came else "ahead", _items(heard.items) if came else ""),
    )
    return Contact(_said(heard, busy=busy), marks, heard.refused, heard.items, busy)


def _said(heard: Heard, *, busy: bool) -> str:
    if not heard.signed_in:
        return _("Waiting for 1C…")
    if not busy:
        return _("%(items)s. You may go on: what else 1C sends is read as it comes.") % {"items": _items(heard.items)}
    if heard.reading:
        line = _("Reading %(file)s: %(percent)d %%. %(items)s") % {
            "file": heard.reading,
            "percent": heard.percent,
            "items": _items(heard.items),
        }
        return f"{line} {heard.left}".strip()
    if heard.files or heard.waiting:
        return _("1C is sending: %(files)s. %(items)s") % {"files": _files(heard), "items": _items(heard.items)}
    return _("checkauth received: address, user name and password are right. Now run the exchange in 1C.")


def _files(heard: Heard) -> str:
    if not heard.files:
        return ""
    size = max(1, round(heard.size / 1024))
    text = ngettext("%(count)s file", "%(count)s files", heard.files) % {"count": intcomma(heard.files)}
    return f"{text}, " + (
        _("%(size)s KB") % {"size": intcomma(size)} if size < 10_240 else _("%(size)s MB") % {"size": intcomma(size // 1024)}
    )


def _items(count: int) -> str:
    return ngettext("%(number)s item seen", "%(number)s items seen", count) % {"number": intcomma(count)}


def heard_of(base: OneCBase) -> Heard:
    """What the tables know: a handful of small queries."""
    session = ExchangeSession.objects.filter(base=base).order_by("-id").first()
    last = ExchangeRequest.objects.filter(base=base).order_by("-id").values_list("answer", flat=True).first() or ""
    runs = ImportRun.objects.filter(base=base, type="catalog")
    reading = runs.filter(state=ImportRun.State.READING).order_by("id").first()
    sent = UploadedFile.objects.filter(session__base=base).exclude(name__contains="/").aggregate(size=Sum("size"))
    return Heard(
        signed_in=moment(session.started_at) if session is not None else "",
        refused=_refused(last),
        files=UploadedFile.objects.filter(session__base=base).exclude(name__contains="/").count(),
        size=int(sent["size"] or 0),
        reading=reading.file_name if reading else "",
        percent=progress.percent(reading.bytes_read, reading.size) if reading else 0,
        waiting=runs.filter(state=ImportRun.State.WAITING).count(),
        read=runs.filter(state=ImportRun.State.READ).count(),
        items=StateRow.objects.filter(base=base, kind="product").count(),
    )


def _refused(answer: str) -> str:
    first, _line, why = answer.partition("\n")
    if first.strip() != "failure":
        return ""
    known = next((text for sentence, text in _REFUSED.items() if why.strip().startswith(sentence)), None)
    return str(known) if known is not None else why.strip()[:255]

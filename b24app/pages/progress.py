"""How far a piece of work has come and when it will be done, from what was measured; says nothing where nothing was measured."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# The rate is that of the last minutes: the portal's pace changes with the hour and with what is being sent.
WINDOW_SECONDS = 300.0
# Under this much measured time a rate is noise.
LEAST_SECONDS = 5.0

Mark = tuple[float, int]  # (seconds since the epoch, objects done until then)


def percent(done: int, total: int) -> int:
    """0 to 100, rounded down, so that 100 means done; 0 when the total is not known."""
    if total <= 0:
        return 0
    return max(0, min(100, done * 100 // total))


def rate(marks: Sequence[Mark], now: float) -> float | None:
    """Objects per second over the last minutes; None when too little was measured or nothing moved."""
    recent = [mark for mark in marks if now - mark[0] <= WINDOW_SECONDS]
    if len(recent) < 2:
        return None
    (first_at, first), (last_at, last) = min(recent), max(recent)
    if last_at - first_at < LEAST_SECONDS or last <= first:
        return None
    return (last - first) / (last_at - first_at)


def seconds_left(remaining: int, pace: float | None) -> float | None:
    """How long the rest takes at that pace; None when there is no pace."""
    return remaining / pace if pace else None


def words_left(seconds: float | None) -> str:
    """The time left as people say it, in the active language ("" when it is not known)."""
    if seconds is None:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes) % {"count": minutes}
    hours = round(seconds / 3600)
    if hours < 48:
        return ngettext("about %(count)d hour left", "about %(count)d hours left", hours) % {"count": hours}
    days = round(seconds / 86400)
    return ngettext("about %(count)d day left", "about %(count)d days left", days) % {"count": days}


def words_of(seconds: float | None) -> str:
    """A length of time in short words, in the active language ("" when it is not known)."""
    if seconds is None:
        return ""
    if seconds < 1:
        return _("under 1 s")
    if seconds < 99:
        return _("%(count)d s") % {"count": round(seconds)}
    if seconds < 5940:
        return _("%(count)d min") % {"count": round(seconds / 60)}
    return _("%(count)d h") % {"count": round(seconds / 3600)}

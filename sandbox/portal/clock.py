"""Times as the portal writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

PORTAL_ZONE = timezone(timedelta(hours=3))


def iso(seconds: float) -> str:
    """A moment in ISO 8601 with the portal's offset, whole seconds."""
    return datetime.fromtimestamp(seconds, PORTAL_ZONE).isoformat(timespec="seconds")


def normalised(text: str) -> str:
    """A datetime a client sent, with an offset; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=PORTAL_ZONE)
    return moment.astimezone(PORTAL_ZONE).isoformat(timespec="seconds")


def utc(seconds: float) -> str:
    """A moment in ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

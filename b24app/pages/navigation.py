"""The pages of the app and who may see them: one row of places on top of every page."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.frame import FrameUser


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the app. `template` is the name its views render; other templates of it are in `parts`."""

    template: str
    url: str
    title: str
    admin: bool = True
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """A place as the page shows it."""

    url: str
    title: str
    here: bool


# In the order of the row. A page joins by one line here; its views answer `page(request, template, …)`.
PLACES: tuple[Place, ...] = (
    Place("overview", "pages:overview", gettext_noop("Overview"), admin=False, parts=frozenset({"setup", "setup_new"})),
    Place("matching", "pages:matching", gettext_noop("Matching")),
    Place("journal", "pages:journal", gettext_noop("Journal")),
    Place(
        "settings",
        "pages:settings",
        gettext_noop("Settings"),
        parts=frozenset({"settings_section", "settings_history", "settings_file"}),
    ),
)


def places(user: FrameUser, template: str) -> list[Shown]:
    """The places this person may open, with the one he is at marked; none when there is only one."""
    mine = [place for place in PLACES if user.admin or not place.admin]
    if len(mine) < 2:
        return []
    return [Shown(reverse(place.url), _(place.title), template == place.template or template in place.parts) for place in mine]

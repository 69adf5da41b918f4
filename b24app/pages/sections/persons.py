"""Users of the portal in a form: typed by their names, which a list beside the field offers, and known by their ids. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from b24app.pages.sections.scene import Scene


def names_of(scene: Scene) -> dict[int, str]:
    """Every user under a name of his own: two of the same name are told apart by their ids."""
    users = scene.facts.portal.users
    times = Counter(one.name for one in users)
    return {one.id: one.name if times[one.name] == 1 else f"{one.name} #{one.id}" for one in users}


def shown(user: int | None, names: Mapping[int, str]) -> str:
    """The user as the field shows him; one that is not there any more, or not told of yet, by his id."""
    return "" if not user else names.get(user, f"#{user}")


def user_of(written: str, names: Mapping[int, str], known: frozenset[int] = frozenset()) -> int | None:
    """The user that was typed; None when there is none of this name. `known`: ids that may be typed though the portal names none."""
    text = " ".join(written.split()).casefold()
    by_name = {" ".join(name.split()).casefold(): id for id, name in names.items()}
    if text in by_name:
        return by_name[text]
    digits = text.removeprefix("#")
    if (
        text.startswith("#")
        and digits.isascii()
        and digits.isdecimal()
        and len(digits) < 19
        and int(digits) in known | set(names)
    ):
        return int(digits)
    return None

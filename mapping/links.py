"""The one bridge between identities: 1C's id and the portal's id of the same thing. No other module queries the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from b24app.models import Portal
from mapping.models import Link


def to_b24(portal_id: int, scope: int, kind: str, onec_ids: Iterable[str] | None = None) -> dict[str, int]:
    """The portal ids of these 1C ids (of all of the kind when None); those without a link are left out."""
    rows = Link.objects.filter(portal_id=portal_id, scope=scope, kind=kind)
    if onec_ids is not None:
        rows = rows.filter(onec_id__in=list(onec_ids))
    return dict(rows.values_list("onec_id", "b24_id"))


def to_onec(portal_id: int, scope: int, kind: str, b24_ids: Iterable[int]) -> dict[int, str]:
    """The 1C ids of these portal ids."""
    rows = Link.objects.filter(portal_id=portal_id, scope=scope, kind=kind, b24_id__in=list(b24_ids))
    return dict(rows.values_list("b24_id", "onec_id"))


def bind(portal_id: int, scope: int, kind: str, links: Mapping[str, int]) -> None:
    """Link each 1C id with its portal id; an id linked elsewhere before moves, and two may change places."""
    if not links:
        return
    ids, b24_ids = list(links), list(links.values())
    with connection.cursor() as cursor:
        cursor.execute(
            """delete from mapping_link link using unnest(%s::text[], %s::bigint[]) t(onec_id, b24_id)
               where portal_id = %s and scope = %s and kind = %s and link.b24_id = t.b24_id and link.onec_id <> t.onec_id""",
            [ids, b24_ids, portal_id, scope, kind],
        )
        cursor.execute(
            """insert into mapping_link (portal_id, scope, kind, onec_id, b24_id)
               select %s, %s, %s, t.onec_id, t.b24_id from unnest(%s::text[], %s::bigint[]) t(onec_id, b24_id)
               on conflict (portal_id, scope, kind, onec_id) do update set b24_id = excluded.b24_id, linked_at = now()
               where mapping_link.b24_id <> excluded.b24_id""",
            [portal_id, scope, kind, ids, b24_ids],
        )


def unbind(portal_id: int, scope: int, kind: str, onec_ids: Iterable[str]) -> None:
    """Forget these links; the things themselves stay on both sides."""
    Link.objects.filter(portal_id=portal_id, scope=scope, kind=kind, onec_id__in=list(onec_ids)).delete()


def first_scopes(portal_id: int, kinds: Iterable[str], b24_ids: Iterable[int]) -> dict[int, int]:
    """For each portal id the base that was linked with it first: that base owns its common fields."""
    rows = (
        Link.objects.filter(portal_id=portal_id, kind__in=list(kinds), b24_id__in=list(b24_ids))
        .order_by("b24_id", "id")
        .distinct("b24_id")
    )
    return dict(rows.values_list("b24_id", "scope"))


def sharing(portal_id: int, kind: str, b24_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """For each portal id every (base, 1C id) linked with it, first linked first."""
    shared: dict[int, list[tuple[int, str]]] = {}
    rows = Link.objects.filter(portal_id=portal_id, kind=kind, b24_id__in=list(b24_ids)).order_by("id")
    for b24_id, scope, onec_id in rows.values_list("b24_id", "scope", "onec_id"):
        shared.setdefault(b24_id, []).append((scope, onec_id))
    return shared


def forget_portal(portal: Portal, clean: bool) -> None:
    """The app was uninstalled: without `clean` the links stay, so that the next installation creates nothing twice."""
    if clean:
        Link.objects.filter(portal=portal).delete()

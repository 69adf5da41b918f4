"""What flows learnt goes into the database: in one transaction, and only while the lane is ours."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from b24app import lanes
from b24app.models import Portal
from exchange import reports
from exchange.imports.flows import Key, Log
from exchange.models import OneCBase
from mapping import links

_PROBLEM_KINDS = {"offer_property": "property", "offer_option": "option"}


class Saving:
    """Marks and saves for one slice of one base; `linked_something` tells whether any link has been made."""

    def __init__(self, portal: Portal, base: OneCBase, claim: lanes.Claim) -> None:
        self.portal = portal
        self.base = base
        self.claim = claim
        self.linked_something = False

    def mark(self, keys: Collection[Key]) -> None:
        """Note, before anything is sent, that these rows are being created."""
        kinds, ids = [kind for kind, _ in keys], [id for _, id in keys]
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    """insert into exchange_staterow (base_id, kind, onec_id, adding_since, version, pushed_version)
                       select %s, t.kind, t.onec_id, clock_timestamp(), 1, 1 from unnest(%s::text[], %s::text[]) t(kind, onec_id)
                       on conflict (base_id, kind, onec_id) do update set adding_since = excluded.adding_since""",
                    [self.base.pk, kinds, ids],
                )
            lanes.hold(self.claim)

    def save(self, learnt: Log) -> None:
        """Save what flows learnt in one transaction, if the lane is still ours; then the log is empty."""
        with transaction.atomic():
            self._save_links(learnt)
            with connection.cursor() as cursor:
                _save_rows(cursor, self.base.pk, learnt)
            told = [
                reports.Trouble(trouble.cause, _PROBLEM_KINDS.get(kind, kind), onec_id, name, trouble.facts)
                for (kind, onec_id), name, trouble in learnt.troubles
            ]
            reports.report_many(told, portal=self.portal, base=self.base)
            for kind in {kind for kind, _ in learnt.settled}:
                ids = [onec_id for of, onec_id in learnt.settled if of == kind]
                reports.close_many(portal=self.portal, base=self.base, kind=_PROBLEM_KINDS.get(kind, kind), onec_ids=ids)
            lanes.hold(self.claim)
        for part in (
            learnt.linked,
            learnt.unlinked,
            learnt.known,
            learnt.done,
            learnt.again,
            learnt.later,
            learnt.uncertain,
            learnt.settled,
        ):
            part.clear()
        learnt.troubles.clear()

    def _save_links(self, learnt: Log) -> None:
        self.linked_something = self.linked_something or bool(learnt.linked)
        by_kind: dict[str, dict[str, int]] = {}
        for key, b24_id in learnt.linked.items():
            by_kind.setdefault(_link_kind(key), {})[key[1]] = b24_id
        for kind, made in by_kind.items():
            links.bind(self.portal.pk, self.base.pk, kind, made)
        for kind in {_link_kind(key) for key in learnt.unlinked}:
            gone = [onec_id for key in learnt.unlinked if _link_kind(key) == kind for onec_id in (key[1],)]
            links.unbind(self.portal.pk, self.base.pk, kind, gone)


def _link_kind(key: Key) -> str:
    kind, onec_id = key
    return ("offer" if "#" in onec_id else "product") if kind in ("product", "offer") else kind


def _save_rows(cursor: Any, base_id: int, learnt: Log) -> None:
    uncertain = learnt.uncertain
    if learnt.known:
        keys = list(learnt.known)
        cursor.execute(
            """insert into exchange_staterow (base_id, kind, onec_id, known, version, pushed_version)
               select %s, t.kind, t.onec_id, t.known::jsonb, 1, 1 from unnest(%s::text[], %s::text[], %s::text[]) t(kind, onec_id, known)
               on conflict (base_id, kind, onec_id) do update set known = excluded.known""",
            [base_id, [k for k, _ in keys], [i for _, i in keys], [json.dumps(learnt.known[key]) for key in keys]],
        )
        sure = [key for key in keys if key not in uncertain]
        cursor.execute(
            """update exchange_staterow row set adding_since = null from unnest(%s::text[], %s::text[]) t(kind, onec_id)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id and row.adding_since is not null""",
            [[k for k, _ in sure], [i for _, i in sure], base_id],
        )
    for key in learnt.unlinked:
        cursor.execute(
            "update exchange_staterow set known = null where base_id = %s and kind = %s and onec_id = %s", [base_id, *key]
        )
    if learnt.done:
        keys = list(learnt.done)
        cursor.execute(
            """update exchange_staterow row set pushed_version = greatest(row.pushed_version, t.version), failures = 0,
                 not_before = null, adding_since = case when t.sure then null else row.adding_since end
               from unnest(%s::text[], %s::text[], %s::bigint[], %s::boolean[]) t(kind, onec_id, version, sure)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id""",
            [
                [k for k, _ in keys],
                [i for _, i in keys],
                list(learnt.done.values()),
                [key not in uncertain for key in keys],
                base_id,
            ],
        )
    for put_off, failed in ((learnt.again, 1), (learnt.later, 0)):
        if not put_off:
            continue
        keys = list(put_off)
        cursor.execute(
            """update exchange_staterow row set failures = least(row.failures + %s, 30),
                 not_before = now() + make_interval(secs => t.seconds * power(2, least(row.failures, 6) * %s)),
                 adding_since = case when t.sure then null else row.adding_since end
               from unnest(%s::text[], %s::text[], %s::float8[], %s::boolean[]) t(kind, onec_id, seconds, sure)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id""",
            [
                failed,
                failed,
                [k for k, _ in keys],
                [i for _, i in keys],
                list(put_off.values()),
                [key not in uncertain for key in keys],
                base_id,
            ],
        )

"""What settling's flows learnt goes into the database: in one transaction, and only while the lane is ours."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction

from b24app import lanes
from b24app.models import Portal
from exchange import history, reports
from exchange.exports import queue
from exchange.exports.numbering import NoNumberLeft
from exchange.imports.flows import Key
from exchange.models import OneCBase, TradeDocument, TradeParty
from exchange.settling import party_rows
from exchange.settling.flows import DOCUMENT, PARTY, Learnt
from exchange.settling.timing import Timing

log = logging.getLogger(__name__)

_MODELS: dict[str, type[TradeDocument] | type[TradeParty]] = {DOCUMENT: TradeDocument, PARTY: TradeParty}
_TABLES = {DOCUMENT: "exchange_tradedocument", PARTY: "exchange_tradeparty"}
_JSON = ("portal_side", "onec_side", "agreed")
# What others than the flows keep among a row's notes.
_HISTORY = f"case when known ? '{history.KEY}' then jsonb_build_object('{history.KEY}', known -> '{history.KEY}') else '{{}}' end"
_OTHERS = {PARTY: _HISTORY, DOCUMENT: f"jsonb_build_object('told_version', known -> 'told_version') || {_HISTORY}"}


class Saving:
    """Marks and saves for one base's rows; `base` None saves what belongs to the portal only (heard objects)."""

    def __init__(self, portal: Portal, base: OneCBase | None, claim: lanes.Claim) -> None:
        self.portal = portal
        self.base = base
        self.claim = claim
        self.timing = Timing(base) if base is not None else None

    def mark(self, keys: Collection[Key]) -> None:
        """Note, before anything is sent, that these rows get something new in the portal."""
        with transaction.atomic(), connection.cursor() as cursor:
            for kind, ids in _by_kind(keys).items():
                cursor.execute(f"update {_TABLES[kind]} set adding_since = clock_timestamp() where id = any(%s)", [ids])  # noqa: S608
            lanes.hold(self.claim)

    def save(self, learnt: Learnt) -> None:
        """Save what flows learnt in one transaction, if the lane is still ours; then the notebook is empty."""
        with transaction.atomic():
            if self.timing is not None:
                self.timing.before(learnt)
            with connection.cursor() as cursor:
                self._save_columns(cursor, learnt)
                _save_marks(cursor, learnt)
                _save_progress(cursor, learnt)
                _save_heard(cursor, self.portal.pk, learnt)
            if self.base is not None:
                put_out = self._put_out(learnt)
                self._report(self.base, learnt)
                if self.timing is not None:
                    self.timing.after(learnt, put_out)
            lanes.hold(self.claim)
        learnt.clear()

    def _save_columns(self, cursor: Any, learnt: Learnt) -> None:
        parties = {
            int(pk): columns["b24"] for (kind, pk), columns in learnt.changed.items() if kind == PARTY and "b24" in columns
        }
        if parties and self.base is not None:
            party_rows.link(self.portal.pk, self.base.pk, parties)
        told = _told_of_portal(learnt)
        for (kind, pk), columns in learnt.changed.items():
            names, values = _columns(kind, columns)
            if not names:
                continue
            cursor.execute(
                f"update {_TABLES[kind]} set {', '.join(names)}, changed_at = now() where id = %s",  # noqa: S608
                [*values, int(pk)],
            )
        for kind, noted in told.items():
            history.note(_MODELS[kind], noted)
        for (kind, _), columns in learnt.changed.items():
            if kind == PARTY and self.base is not None and (people := (columns.get("known") or {}).get("people")):
                party_rows.link_people(self.portal.pk, self.base.pk, people)
        read = [
            (int(columns["portal_side"].get("b24", (0, 0))[0]), int(columns["portal_side"].get("b24", (0, 0))[1]))
            for (kind, _), columns in learnt.changed.items()
            if kind == PARTY and columns.get("portal_side")
        ]
        if read and self.base is not None:
            party_rows.due_documents(self.base.pk, [key for key in read if key[1]])

    def _put_out(self, learnt: Learnt) -> list[int]:
        """Put out and withdraw; returns the documents of which 1C gets something new."""
        put: list[int] = []
        wanted = [*learnt.outgoing, *learnt.withdrawn]
        documents = TradeDocument.objects.select_for_update(of=("self",)).select_related("base").in_bulk(wanted)
        for pk, outgoing in learnt.outgoing.items():
            document = documents.get(pk)
            if document is None:
                continue
            try:
                if queue.put(document, outgoing):
                    put.append(pk)
            except NoNumberLeft:
                learnt.trouble((DOCUMENT, str(pk)), outgoing.trade.title, "no-number-left")
        for pk in learnt.withdrawn:
            if pk in documents:
                queue.withdraw(documents[pk])
        return put

    def _report(self, base: OneCBase, learnt: Learnt) -> None:
        for (kind, pk), causes in learnt.over.items():
            reports.close_many(portal=self.portal, base=base, kind=kind, onec_ids=[pk], causes=causes or None)
        told = [reports.Trouble(trouble.cause, kind, pk, name, trouble.facts) for (kind, pk), name, trouble in learnt.troubles]
        reports.report_many(told, portal=self.portal, base=base)


def _told_of_portal(learnt: Learnt) -> dict[str, dict[int, list[history.Entry]]]:
    """What is other in the portal than when each row was last read: one look at those rows."""
    noted: dict[str, dict[int, list[history.Entry]]] = {}
    sides = {key: columns["portal_side"] for key, columns in learnt.changed.items() if columns.get("portal_side")}
    for kind, ids in _by_kind(sides).items():
        before = _MODELS[kind]._default_manager.filter(pk__in=ids, portal_side__isnull=False)
        noted[kind] = {
            pk: history.changes("portal", was, sides[kind, str(pk)], "portal", onec)
            for pk, was, onec in before.values_list("pk", "portal_side", "onec_side")
        }
    return noted


def _columns(kind: str, columns: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    names: list[str] = []
    values: list[Any] = []
    for name, value in columns.items():
        if name == "b24":
            names += ["entity_type_id = %s", "b24_id = %s"]
            values += list(value)
        elif name == "known":
            # Which version 1C had confirmed when it last told of it is written by whoever reads 1C's files; the history by them too.
            names.append(f"known = %s::jsonb || {_OTHERS[kind]}")
            values.append(json.dumps({key: one for key, one in value.items() if key != history.KEY}, ensure_ascii=False))
        elif name in _JSON:
            names.append(f"{name} = %s::jsonb")
            values.append(None if value is None else json.dumps(value, ensure_ascii=False))
        elif name == "onec_id":
            names.append("onec_id = %s")
            values.append(value)
        else:
            raise ValueError(f"no column to learn: {name}")
    return names, values


def _save_marks(cursor: Any, learnt: Learnt) -> None:
    """A mark goes with the answer; it stays while an `add` may have taken effect unseen."""
    answered = (learnt.added | set(learnt.done) | set(learnt.again) | set(learnt.later)) - learnt.uncertain
    for kind, ids in _by_kind(answered).items():
        cursor.execute(
            f"update {_TABLES[kind]} set adding_since = null where id = any(%s) and adding_since is not null",  # noqa: S608
            [ids],
        )


def _save_progress(cursor: Any, learnt: Learnt) -> None:
    for kind, ids in _by_kind(learnt.done).items():
        cursor.execute(
            f"""update {_TABLES[kind]} row set settled_version = greatest(row.settled_version, t.version), failures = 0,
                  not_before = null
                from unnest(%s::bigint[], %s::bigint[]) t(id, version) where row.id = t.id""",  # noqa: S608
            [ids, [learnt.done[kind, str(pk)] for pk in ids]],
        )
    for put_off, failed in ((learnt.again, 1), (learnt.later, 0)):
        for kind, ids in _by_kind(put_off).items():
            cursor.execute(
                f"""update {_TABLES[kind]} row set failures = least(row.failures + %s, 30),
                      not_before = now() + make_interval(secs => t.seconds * power(2, least(row.failures, 6) * %s))
                    from unnest(%s::bigint[], %s::float8[]) t(id, seconds) where row.id = t.id""",  # noqa: S608
                [failed, failed, ids, [put_off[kind, str(pk)] for pk in ids]],
            )


def _save_heard(cursor: Any, portal_id: int, learnt: Learnt) -> None:
    if learnt.heard:
        keys = list(learnt.heard)
        cursor.execute(
            """update exchange_heardobject row set read_version = greatest(row.read_version, t.version), failures = 0, not_before = null
               from unnest(%s::int[], %s::bigint[], %s::bigint[]) t(type, id, version)
               where row.portal_id = %s and row.entity_type_id = t.type and row.b24_id = t.id""",
            [[of for of, _ in keys], [id for _, id in keys], list(learnt.heard.values()), portal_id],
        )
    if learnt.heard_again:
        keys = list(learnt.heard_again)
        cursor.execute(
            """update exchange_heardobject row set failures = least(row.failures + 1, 30),
                 not_before = now() + make_interval(secs => t.seconds * power(2, least(row.failures, 6)))
               from unnest(%s::int[], %s::bigint[], %s::float8[]) t(type, id, seconds)
               where row.portal_id = %s and row.entity_type_id = t.type and row.b24_id = t.id""",
            [[of for of, _ in keys], [id for _, id in keys], list(learnt.heard_again.values()), portal_id],
        )


def _by_kind(keys: Collection[Key]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kind, pk in keys:
        found.setdefault(kind, []).append(int(pk))
    return found

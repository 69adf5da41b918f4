"""What the pages show of a portal, read in a handful of queries that stay cheap however many objects wait."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, Max, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from b24app import lanes
from b24app.models import Lane, Portal
from b24app.pages import causes, progress
from b24app.pages.causes import Cause
from b24app.pages.configurations import Configuration, configuration
from b24app.pages.decision_state import Decision, decisions_of
from b24app.pages.directions import Directions, directions_of
from b24app.pages.pace import backlog
from exchange import sessions
from exchange.models import ImportRun, OneCBase, Problem
from exchange.working import SETTING_UP

# A longer queue is not counted with every look (see pace.py).
WAITING_CAP = 10_000
RUNS_SHOWN = 10
OBJECTS_SHOWN = 20
QUIET_AFTER = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BaseState:
    """One 1C base as its card shows it: of `total` objects `waiting` are not in the portal yet.

    `moving`: some of them may be sent now; `sending`: a worker is at it; `left`: the time it takes, in words ("" = not known).
    """

    base: OneCBase
    waiting: int
    moving: bool
    sending: bool
    trouble: str
    left: str = ""
    total: int = 0
    ways: Directions = field(default_factory=Directions)

    @property
    def id(self) -> int:
        return self.base.pk

    @property
    def configuration(self) -> Configuration:
        return configuration(self.base.configuration)

    @property
    def setting_up(self) -> bool:
        """Its administrator has not started it yet."""
        return SETTING_UP in self.base.observed

    @property
    def exchange_url(self) -> str:
        return sessions.exchange_url(self.base)

    @property
    def condition(self) -> str:
        """How it stands: paused, setup (not started yet), silent (1C never called), held (the portal takes nothing), sending, queued,
        resting (to be retried), documents (on their way), quiet or well.
        """
        if self.base.paused_at:
            return "paused"
        if self.setting_up:
            return "setup"
        if self.base.last_contact_at is None:
            return "silent"
        if self.waiting and self.trouble:
            return "held"
        if self.waiting:
            return ("sending" if self.sending else "queued") if self.moving else "resting"
        if self.ways.queues.to_portal and not self.trouble:
            return "documents" if self.ways.queues.moving else "resting"
        return "quiet" if timezone.now() - self.base.last_contact_at > QUIET_AFTER else "well"

    @property
    def busy(self) -> bool:
        return self.condition in ("sending", "queued", "documents") or self.ways.proof.state == "checking"

    @property
    def oldest(self) -> str:
        """Since when a document waits for 1C."""
        return moment(self.ways.queues.oldest) if self.ways.queues.oldest else ""

    @property
    def checked(self) -> str:
        return moment(self.ways.proof.at) if self.ways.proof.at else ""

    @property
    def last_contact(self) -> str:
        return moment(self.base.last_contact_at) if self.base.last_contact_at else ""

    @property
    def done(self) -> int:
        return self.total - self.waiting

    @property
    def percent(self) -> int:
        return progress.percent(self.done, self.total)


@dataclass(frozen=True, slots=True)
class RunState:
    """One file from 1C. `counts` are (label code, number) pairs that are not zero, in the order of reading."""

    run: ImportRun
    left: str = ""

    @property
    def percent(self) -> int:
        return progress.percent(self.run.bytes_read, self.run.size)

    @property
    def when(self) -> str:
        return moment(self.run.created_at)

    @property
    def running(self) -> bool:
        return self.run.state in (ImportRun.State.WAITING, ImportRun.State.READING)

    @property
    def total(self) -> int:
        return sum(int(self.run.counts.get(name, 0)) for name in ("new", "changed", "unchanged", "failed"))


@dataclass(frozen=True, slots=True)
class ProblemState:
    problem: Problem
    detail: str
    again: bool
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class CauseState:
    """All open problems of one cause, with the first of its objects."""

    code: str
    count: int
    last_at: dt.datetime
    objects: list[ProblemState] = field(default_factory=list)

    @property
    def cause(self) -> Cause:
        return causes.cause(self.code)

    @property
    def title(self) -> str:
        return causes.title(self.code, self.count)

    @property
    def when(self) -> str:
        return moment(self.last_at)

    @property
    def more(self) -> int:
        return self.count - len(self.objects)

    @property
    def queued(self) -> bool:
        return bool(self.objects) and all(one.again for one in self.objects)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page. `busy`: something moves, so the page asks again soon."""

    bases: list[BaseState]
    runs: list[RunState]
    problems: list[CauseState]
    trouble: str

    @property
    def busy(self) -> bool:
        return any(run.running for run in self.runs) or any(one.busy for one in self.bases)

    @property
    def nothing(self) -> bool:
        return not self.bases

    @property
    def several(self) -> bool:
        return len(self.bases) > 1

    @property
    def problem_count(self) -> int:
        return sum(cause.count for cause in self.problems)

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.bases)

    @property
    def last_contact(self) -> dt.datetime | None:
        return max((one.base.last_contact_at for one in self.bases if one.base.last_contact_at), default=None)

    @property
    def mood(self) -> str:
        """The one sentence on top: none, trouble, problems, silent, paused, setup, busy or well."""
        if not self.bases:
            return "none"
        if self.trouble:
            return "trouble"
        if self.problems:
            return "problems"
        if self.busy:
            return "busy"
        if any(one.condition == "setup" for one in self.bases):
            return "setup"
        if all(one.condition == "paused" for one in self.bases):
            return "paused"
        return "silent" if self.last_contact is None else "well"


def moment(at: dt.datetime) -> str:
    """A time as people read it, in the active language and zone; no "2 seconds ago", which would never stand still."""
    local = timezone.localtime(at)
    if local.date() == timezone.localdate():
        return _("today, %(time)s") % {"time": formats.time_format(local, "TIME_FORMAT")}
    return formats.date_format(local, "SHORT_DATETIME_FORMAT")


def bases_of(portal: Portal) -> QuerySet[OneCBase]:
    """The portal's bases, oldest first, without those that are being removed."""
    return OneCBase.objects.filter(portal=portal).exclude(observed__has_key="removed").order_by("id")


def overview_of(portal: Portal) -> Overview:
    """All that the overview of this portal shows: eight queries, whatever the numbers."""
    bases = list(bases_of(portal))
    trouble = causes.trouble(portal.trouble)
    if not bases:
        return Overview([], [], _problems(portal), trouble)
    waiting = _waiting([base.pk for base in bases])
    sending = Lane.objects.filter(portal=portal, work=lanes.CATALOG).exclude(owner="").exists()
    ways = directions_of(portal, bases)
    states = [_base_state(base, waiting.get(base.pk, (0, 0)), sending, trouble, ways[base.pk]) for base in bases]
    return Overview(states, _runs([base.pk for base in bases]), _problems(portal), trouble)


def base_state(base: OneCBase) -> BaseState:
    """One base alone, for its card."""
    sending = Lane.objects.filter(portal=base.portal, work=lanes.CATALOG).exclude(owner="").exists()
    ways = directions_of(base.portal, [base])[base.pk]
    return _base_state(base, _waiting([base.pk]).get(base.pk, (0, 0)), sending, causes.trouble(base.portal.trouble), ways)


def _base_state(base: OneCBase, counted: tuple[int, int], sending: bool, trouble: str, ways: Directions) -> BaseState:
    waiting, ready = counted
    measured = backlog(base.pk, waiting, WAITING_CAP)
    moving = ready > 0 and not base.paused_at and SETTING_UP not in base.observed and not trouble
    left = progress.words_left(measured.seconds_left) if moving else ""
    return BaseState(base, measured.waiting, moving, sending, trouble, left, measured.total, ways)


def _waiting(base_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Per base, how many objects are due and how many of these may be sent now; by the partial index, never beyond the cap."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select base.id, due.* from unnest(%s::bigint[]) base(id) cross join lateral
               (select count(*), count(*) filter (where not_before is null or not_before <= now()) from
                 (select not_before from exchange_staterow row
                  where row.base_id = base.id and row.pushed_version < row.version limit %s) first) due""",
            [list(base_ids), WAITING_CAP + 1],
        )
        return {base_id: (waiting, ready) for base_id, waiting, ready in cursor.fetchall()}


def _runs(base_ids: Sequence[int]) -> list[RunState]:
    newest = RawSQL(
        """select run.id from unnest(%s::bigint[]) base(id) cross join lateral
           (select id from exchange_importrun where base_id = base.id order by id desc limit %s) run""",
        [list(base_ids), RUNS_SHOWN],
    )
    rows = ImportRun.objects.filter(id__in=newest).select_related("base").order_by("-id")[:RUNS_SHOWN]
    return [RunState(run, _reading_left(run)) for run in rows]


def _reading_left(run: ImportRun) -> str:
    if run.state != ImportRun.State.READING or run.started_at is None:
        return ""
    now = time.time()
    pace = progress.rate([(run.started_at.timestamp(), 0), (now, run.bytes_read)], now)
    return progress.words_left(progress.seconds_left(run.size - run.bytes_read, pace))


def _problems(portal: Portal) -> list[CauseState]:
    open_ones = Problem.objects.filter(portal=portal, closed_at=None)
    groups = list(open_ones.values("cause").annotate(count=Count("id"), last_at=Max("last_at")).order_by("-count", "cause"))
    if not groups:
        return []
    shown: dict[str, list[ProblemState]] = {}
    first = RawSQL(
        """select one.id from unnest(%s::text[]) cause(code) cross join lateral
           (select id from exchange_problem where portal_id = %s and exchange_problem.cause = cause.code and closed_at is null
            order by id limit %s) one""",
        [[group["cause"] for group in groups], portal.pk, OBJECTS_SHOWN],
    )
    problems = list(open_ones.filter(id__in=first).select_related("base").order_by("id"))
    decisions = decisions_of(problems)
    for problem in problems:
        again = str(problem.facts.get("again") or "") > problem.last_at.isoformat()
        detail = causes.detail(problem.cause, problem.facts)
        shown.setdefault(problem.cause, []).append(ProblemState(problem, detail, again, decisions.get(problem.pk)))
    return [CauseState(group["cause"], group["count"], group["last_at"], shown.get(group["cause"], [])) for group in groups]

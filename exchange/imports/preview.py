"""What the next push of a base would change: the push itself, rehearsed. The portal is asked and never written to; nothing is saved."""

from __future__ import annotations

import time
from collections.abc import Collection

from django.db.models import F
from django.utils import timezone

from b24app.lanes import Claim
from b24app.oauth.clients import client_for
from b24app.rest.client import PortalClient
from b24app.rest.errors import RestError
from b24app.rest.pipeline import Pipeline
from exchange.imports.due import KINDS, is_due
from exchange.imports.flows import Key, Log, PictureFile
from exchange.imports.portal_lists import DictionaryFailed
from exchange.imports.preparing import OutOfTime, Preparation
from exchange.imports.preview_tally import Tally
from exchange.imports.push import BasePush
from exchange.imports.rehearsing import Rehearsal
from exchange.imports.scheduler import PortalBlocked
from exchange.imports.slices import Slice
from exchange.models import OneCBase, StateRow
from exchange.planning.previewed import Preview

EXAMPLES = 20


class PreviewImpossible(Exception):
    """The portal cannot be asked now; `code` is its trouble or the code of its answer ("catalog-missing": it has no catalogue)."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


def preview(base: OneCBase, *, seconds: float = 600.0, examples: int = EXAMPLES) -> Preview:
    """What the next push would change. Raises PreviewImpossible. Whatever takes longer than `seconds` is left out (`complete`)."""
    portal = base.portal
    if portal.uninstalled_at is not None or portal.trouble:
        raise PreviewImpossible(portal.trouble or "uninstalled")
    tally = Tally(base)
    complete = True
    if is_due(base):
        client = client_for(portal)
        try:
            with Pipeline(client) as pipeline:
                complete = _RehearsedPush(base, client, pipeline, tally, time.monotonic() + seconds).run()
        except (PortalBlocked, DictionaryFailed, RestError) as exc:
            error = exc if isinstance(exc, RestError) else exc.error
            raise PreviewImpossible(error.code, error.description) from exc
    return tally.result(examples, resting=_resting(base), complete=complete, at=timezone.now().isoformat())


def _resting(base: OneCBase) -> int:
    """Due rows whose time has not come."""
    due = StateRow.objects.filter(base=base, kind__in=KINDS, pushed_version__lt=F("version"))
    return due.filter(not_before__gt=timezone.now()).count()


class _RehearsedPush(BasePush):
    """A slice of pushing that changes neither the portal nor the database."""

    def __init__(self, base: OneCBase, client: PortalClient, pipeline: Pipeline, tally: Tally, until: float) -> None:
        rehearsal = Rehearsal(pipeline, tally.wrote)
        super().__init__(base.portal, base, Claim(base.portal_id, 0), client, rehearsal, Slice(until))  # type: ignore[arg-type]
        self.tally = tally
        self.saving = _Listening(tally)  # type: ignore[assignment]

    def run(self) -> bool:
        preparation = Preparation(
            self.portal,
            self.base,
            self.client,
            self.rules,
            self.log,
            self.now,
            self._run,
            rehearsed=True,
        )
        try:
            references = preparation.prepare()
        except OutOfTime:
            self.saving.save(self.log)
            return False
        if references is None:
            raise PreviewImpossible("catalog-missing")
        self.saving.save(self.log)
        self.tally.knows(references)
        finished = self._items(self._tools(references))
        self.saving.save(self.log)
        return finished

    def _open_picture(self, path: str) -> PictureFile:
        """Nobody will see it."""
        return PictureFile(path, b"")


class _Listening:
    """In the place of Saving: hears what flows learnt, and forgets it."""

    linked_something = False

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def mark(self, keys: Collection[Key]) -> None:
        """Nothing is created."""

    def save(self, learnt: Log) -> None:
        self._tally.learnt(learnt)
        for part in (learnt.linked, learnt.known, learnt.done, learnt.again, learnt.later):
            part.clear()
        for keys in (learnt.unlinked, learnt.uncertain, learnt.settled):
            keys.clear()
        learnt.troubles.clear()

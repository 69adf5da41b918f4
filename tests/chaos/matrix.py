"""Runs the cells of the matrix, step by fault, and tells what came of each: the same end, a listed problem, or a fall."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos import looking
from tests.chaos.fault import Fault, Lengths
from tests.chaos.faults import FAULTS
from tests.chaos.points import Points
from tests.chaos.site import Site, opened
from tests.chaos.steps import STORIES, Step, Story

SAME, PROBLEM, MISSED, FELL = "same", "problem", "missed", "FELL"


@dataclass(frozen=True)
class Ran:
    """One run of a story with one fault at one place. `told`: what people were told of on the way, `wrong`: how the end differs."""

    step: str
    fault: str
    at: int
    outcome: str
    told: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Undisturbed:
    """A story without any fault: how long its steps are, and how it ends."""

    lengths: dict[str, Lengths] = field(default_factory=dict)
    stuck: dict[str, list[looking.Fact]] = field(default_factory=dict)
    state: list[looking.Fact] = field(default_factory=list)


@dataclass
class Matrix:
    """`strikes`: at how many places of a step each fault strikes; they are drawn with `seed`."""

    app_url: str
    points: Points
    seed: int = 1
    strikes: int = 3
    undisturbed: dict[str, Undisturbed] = field(default_factory=dict)

    def measure(self) -> None:
        """Run both stories without a fault."""
        for story in STORIES:
            found = Undisturbed()
            with opened(self.app_url, self.points, stocked=not story.goods) as site:
                for step in story.steps:
                    step.before(site)
                    site.world.rest()
                    found.lengths[step.name] = self._length(site, step)
                    found.stuck[step.name] = looking.stuck(site.ask, site.base.pk)
                site.calm(goods_too=story.goods)
                found.state = site.state()
            self.undisturbed[story.name] = found

    def _length(self, site: Site, step: Step) -> Lengths:
        calls, mischief = site.server.calls, site.mischief
        calls.reset()
        self.points.aim(-1, lambda: None)
        asked, posted, worked = mischief.requests, len(_posts(site)), site.worked
        step.act(site)
        posts = len(_posts(site)) - posted
        methods = tuple(sorted(calls.by_method))
        return Lengths(calls.requests, self.points.count, site.worked - worked, mischief.requests - asked, posts, methods)

    def cells(self) -> Iterator[tuple[Story, Step, Fault]]:
        """Every step with every fault that can hit it."""
        for story in STORIES:
            for step in story.steps:
                for fault in FAULTS:
                    if fault.fits(step) and self.places(story, step, fault):
                        yield story, step, fault

    def places(self, story: Story, step: Step, fault: Fault) -> list[int]:
        """Where the fault strikes: everywhere if that is seldom enough, else at drawn places, with the first and the last."""
        count = fault.places(self.undisturbed[story.name].lengths[step.name])
        if count <= self.strikes:
            return list(range(count))
        dice = random.Random(f"{self.seed} {step.name} {fault.name}")
        return sorted(dice.sample(range(count), self.strikes))

    def run(self, story: Story, step: Step, fault: Fault, at: int) -> Ran:
        """One run; a fault that did not strike (a slightly shorter way was taken) is tried earlier."""
        began = time.monotonic()
        while True:
            ran = self._run(story, step, fault, at)
            if ran.outcome != MISSED or at == 0:
                return Ran(step.name, fault.name, at, ran.outcome, ran.told, ran.wrong, time.monotonic() - began)
            at //= 2

    def _run(self, story: Story, disturbed: Step, fault: Fault, at: int) -> Ran:
        calm = self.undisturbed[story.name]
        far: list[str] = []
        struck = True
        with opened(self.app_url, self.points, stocked=not story.goods) as site:
            for step in story.steps:
                step.before(site)
                site.world.rest()
                if step is not disturbed:
                    step.act(site)
                    if site.failed:
                        site.calm(goods_too=story.goods)
                    continue
                with fault.in_force(site, step, at, calm.lengths[step.name]) as did:
                    step.act(site)
                    struck = did()
                site.listen()
                far = looking.difference(calm.stuck[step.name], looking.stuck(site.ask, site.base.pk))
                site.calm(goods_too=story.goods)
            site.calm(goods_too=story.goods)
            wrong = [f"stuck {line}" for line in far if line.startswith("+")] + looking.difference(calm.state, site.state())
            told = tuple(sorted(site.told))
            problems = looking.listed(site.ask, site.base.pk)
        outcome = MISSED if not struck else SAME if not wrong else PROBLEM if problems and not far else FELL
        return Ran(disturbed.name, fault.name, at, outcome, told, tuple(wrong))

    def short(self, count: int) -> list[tuple[Story, Step, Fault, int]]:
        """A drawn sample in which faults differ as much as they can."""
        dice = random.Random(self.seed)
        cells = list(self.cells())
        dice.shuffle(cells)
        chosen: list[tuple[Story, Step, Fault, int]] = []
        kinds: set[str] = set()
        for story, step, fault in cells:
            if fault.name not in kinds and len(chosen) < count:
                kinds.add(fault.name)
                chosen.append((story, step, fault, dice.choice(self.places(story, step, fault))))
        return chosen

    def everything(self) -> list[tuple[Story, Step, Fault, int]]:
        """Every cell at all of its places."""
        return [(story, step, fault, at) for story, step, fault in self.cells() for at in self.places(story, step, fault)]


def _posts(site: Site) -> list[object]:
    return [one for one in site.world.client.transcript if one.request.size]


def table(rans: Sequence[Ran]) -> str:
    """Steps by faults in Markdown: how many runs ended the same, or what came of them; `·` where there is nothing to hit."""
    steps = [step.name for story in STORIES for step in story.steps]
    lines = ["| fault | " + " | ".join(steps) + " |", "|---|" + "---|" * len(steps)]
    for fault in dict.fromkeys(ran.fault for ran in rans):
        row = [_cell([ran for ran in rans if (ran.step, ran.fault) == (step, fault)]) for step in steps]
        lines.append(f"| {fault} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def _cell(rans: Sequence[Ran]) -> str:
    if not rans:
        return "·"
    said = []
    for outcome in (SAME, PROBLEM, MISSED, FELL):
        found = [ran for ran in rans if ran.outcome == outcome]
        if found:
            said.append(f"{outcome} {len(found)}" if outcome != SAME else f"{len(found)}")
    told = sorted({name for ran in rans for name in ran.told})
    return " ".join(said) + (f" ({', '.join(told)})" if told else "")


def summary(rans: Sequence[Ran], seed: int, seconds: float) -> str:
    """Counts in one line."""
    counts = {outcome: sum(ran.outcome == outcome for ran in rans) for outcome in (SAME, PROBLEM, MISSED, FELL)}
    cells = len({(ran.step, ran.fault) for ran in rans})
    told = ", ".join(f"{outcome} {number}" for outcome, number in counts.items())
    return f"{cells} cells, {len(rans)} runs, seed {seed}, {seconds:.0f} s: {told}"


def falls(rans: Iterable[Ran]) -> list[str]:
    """What fell, or was not hit at all, for a person to look into."""
    return [
        f"{ran.fault} × {ran.step} at {ran.at}: {ran.outcome}\n    " + "\n    ".join(ran.wrong[:8])
        for ran in rans
        if ran.outcome in (FELL, MISSED)
    ]

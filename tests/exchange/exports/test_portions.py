"""The search for the document that 1C cannot take."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exchange.exports.portions import Portion, next_portion

POISON_AFTER = 3


class OneCThatTakesAllOrNothing:
    """Documents as `level`s in order of age; `bad` ones spoil the whole answer. What waits, goes out and is set aside is kept here."""

    def __init__(self, size: int, bad: set[int], most: int = 10_000) -> None:
        self.levels, self.bad, self.most = dict.fromkeys(range(size), 0), bad, most
        self.alone: Counter[int] = Counter()
        self.failed: int | None = None
        self.taken: list[int] = []
        self.aside: list[int] = []
        self.served: list[list[int]] = []

    def exchange(self) -> bool:
        """One query, and its success if 1C could take the answer; False when nothing came."""
        rejected = [one for one in self.levels if self.alone[one] >= POISON_AFTER]
        for one in rejected:
            del self.levels[one]
            self.aside.append(one)
        if rejected:
            self.levels = dict.fromkeys(self.levels, 0)
        groups = Counter(self.levels.values())
        portion = next_portion(groups, self.failed, self.most)
        if portion is None:
            return False
        out = [one for one in sorted(self.levels) if self.levels[one] == portion.level][: portion.most]
        assert out
        self.served.append(out)
        self.alone[out[0]] += len(out) == 1
        for one in out:
            self.levels[one] += 1
        if self.bad.isdisjoint(out):
            self.failed = None
            self.taken += out
            for one in out:
                del self.levels[one]
        else:
            self.failed = max(self.levels[one] for one in out)
        return True


class TestNextPortion:
    def test_everything_new_goes_out_at_once(self):
        assert next_portion({0: 12}, None, 100) == Portion(0, 100)

    def test_nothing_waits(self):
        assert next_portion({}, None, 100) is next_portion({3: 0}, 3, 100) is None

    def test_a_refused_portion_is_halved_until_one_stands_alone(self):
        onec = OneCThatTakesAllOrNothing(8, {0})
        for _ in range(7):
            onec.exchange()
        assert [len(out) for out in onec.served] == [8, 4, 2, 1, 1, 1, 7]
        assert onec.aside == [0]

    def test_what_was_refused_once_goes_out_whole_when_a_half_of_it_came_through(self):
        onec = OneCThatTakesAllOrNothing(8, {6})
        onec.exchange()
        onec.exchange()
        assert onec.taken == [0, 1, 2, 3]
        onec.bad = set()  # it was only the line
        onec.exchange()
        assert len(onec.taken) == 8

    def test_new_documents_have_their_turn_while_the_search_goes_on(self):
        onec = OneCThatTakesAllOrNothing(16, {0})
        onec.exchange()
        onec.exchange()
        onec.levels[99] = 0
        onec.exchange()
        assert onec.taken == [99]

    @given(st.integers(1, 200), st.data())
    def test_one_bad_document_is_found_in_few_exchanges_and_the_rest_flows(self, size: int, data: st.DataObject):
        bad = data.draw(st.integers(0, size - 1))
        onec = OneCThatTakesAllOrNothing(size, {bad})
        while onec.exchange():
            assert len(onec.served) <= math.ceil(math.log2(size)) + 2 + POISON_AFTER + 1
        assert onec.aside == [bad]
        assert sorted(onec.taken) == [one for one in range(size) if one != bad]

    @given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=6), st.integers(1, 60))
    def test_any_number_of_bad_ones_is_set_aside_and_only_these(self, size: int, bad: set[int], most: int):
        bad = {one for one in bad if one < size}
        onec = OneCThatTakesAllOrNothing(size, bad, most)
        while onec.exchange():
            assert len(onec.served) < 60 + 20 * (len(bad) + 1)
        assert set(onec.aside) == bad
        assert sorted(onec.taken) == [one for one in range(size) if one not in bad]

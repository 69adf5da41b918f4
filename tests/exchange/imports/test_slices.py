from __future__ import annotations

from exchange.imports.slices import Slice


class Clock:
    """Stands until told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestSlice:
    def test_is_over_when_its_time_is(self) -> None:
        clock = Clock()
        slice = Slice(45.0, clock=clock)
        assert (slice.over(), slice.ends) == (False, 45.0)
        clock.now = 45.1
        assert slice.over()

    def test_goes_on_while_nothing_calls_it_off_but_not_for_ever(self) -> None:
        clock = Clock()
        slice = Slice(45.0, 120.0, clock)
        clock.now = 100.0
        assert (slice.over(), slice.ends) == (False, 120.0)
        clock.now = 120.1
        assert slice.over()

    def test_ends_soon_after_it_was_called_off(self) -> None:
        clock = Clock()
        slice = Slice(45.0, 120.0, clock)
        clock.now = 60.0
        assert not slice.over()
        slice.called_off = lambda: True
        clock.now = 62.0
        assert slice.over()

    def test_keeps_its_time_though_it_was_called_off(self) -> None:
        clock = Clock()
        slice = Slice(45.0, 120.0, clock)
        slice.called_off = lambda: True
        clock.now = 44.0
        assert (slice.over(), slice.ends) == (False, 45.0)

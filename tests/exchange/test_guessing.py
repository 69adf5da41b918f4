"""Password guessing slows down and never locks anybody out for good."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from exchange import guessing
from exchange.models import OneCBase


@pytest.fixture
def login() -> str:
    return f"guess-{secrets.token_hex(6)}"


@pytest.fixture
def place() -> str:
    return f"address-{secrets.token_hex(6)}"


class TestPause:
    def test_begins_after_a_few_tries_and_grows_up_to_a_limit(self, login: str, place: str):
        pauses = []
        for _ in range(20):
            guessing.failed(login, place)
            pauses.append(guessing.pause(login, place))
        assert pauses[:4] == [0, 0, 0, 0]
        assert 0 < pauses[4] < pauses[7] <= pauses[-1] <= guessing.LONGEST_PAUSE

    def test_is_of_one_login_from_one_address(self, login: str, place: str):
        for _ in range(10):
            guessing.failed(login, place)
        assert guessing.pause(login, place + "x") == 0
        assert guessing.pause(login + "x", place) == 0

    def test_comes_for_an_address_that_tries_many_logins(self, login: str, place: str):
        for number in range(guessing.FREE_LOGINS_OF_ADDRESS):
            guessing.failed(f"{login}-{number}", place)
        assert guessing.pause(login, place) > 0

    def test_does_not_come_for_an_address_where_one_login_fails_all_day(self, login: str, place: str):
        for _ in range(guessing.FREE_LOGINS_OF_ADDRESS * 2):
            guessing.failed(login, place)
        assert guessing.pause(login + "x", place) == 0

    def test_ends_with_the_right_password(self, login: str, place: str):
        for _ in range(10):
            guessing.failed(login, place)
        guessing.succeeded(login, place)
        assert guessing.pause(login, place) == 0

    def test_is_none_while_redis_is_down(self, login: str, place: str, settings: Any):
        settings.REDIS_CLIENT_URL = "redis://127.0.0.1:1"
        guessing._redis.cache_clear()
        try:
            guessing.failed(login, place)
            assert guessing.pause(login, place) == 0
        finally:
            guessing._redis.cache_clear()


class TestKnown:
    def test_a_right_password_is_known_until_it_changes(self, base: OneCBase):
        assert not guessing.is_known(base, "word")
        guessing.remember(base, "word")
        assert guessing.is_known(base, "word")
        assert not guessing.is_known(base, "other")
        base.password = "another hash"
        assert not guessing.is_known(base, "word")

"""The command that makes and looks after bases."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from b24app import lanes
from b24app.models import Portal
from exchange.models import OneCBase


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("onec_base", *arguments, stdout=out, **options)
    return out.getvalue()


class TestOnecBase:
    def test_creates_a_base_and_prints_one_line_of_json(self, shop: Portal):
        told = json.loads(run("create", "--portal", "shop", "--name", "Склад", "--configuration", "ka2", "--json"))
        base = OneCBase.objects.get()
        assert list(told) == ["exchange_url", "login", "password"]
        assert told["exchange_url"].endswith(f"/1c/{base.key}/")
        assert (told["login"], base.name, base.configuration, base.portal) == (base.login, "Склад", "ka2", shop)

    def test_says_which_portal_is_not_there(self, db: None):
        with pytest.raises(CommandError, match="nobody"):
            run("create", "--portal", "nobody")

    def test_lists_without_secrets(self, base: OneCBase):
        (line,) = run("list", "--json").splitlines()
        assert json.loads(line)["login"] == base.login
        assert base.password not in line
        assert base.login in run("list", "--portal", "shop")

    def test_gives_a_new_password(self, base: OneCBase):
        before = base.password
        assert json.loads(run("new-password", base.login, "--json"))["password"]
        base.refresh_from_db()
        assert base.password != before

    def test_pauses_and_resumes(self, base: OneCBase):
        run("pause", base.login)
        base.refresh_from_db()
        assert base.paused_at is not None
        run("resume", base.login)
        base.refresh_from_db()
        assert base.paused_at is None
        assert lanes.due(10) == [base.portal_id]

    def test_asks_before_it_removes(self, base: OneCBase, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("builtins.input", lambda question: "n")
        with pytest.raises(CommandError):
            run("remove", base.login)
        run("remove", base.login, "--yes")
        assert not OneCBase.objects.exists()

    def test_says_which_base_is_not_there(self, db: None):
        with pytest.raises(CommandError, match="1c-none"):
            run("pause", "1c-none")

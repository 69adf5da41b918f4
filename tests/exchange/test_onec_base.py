"""The command that makes and looks after bases."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from b24app import lanes
from b24app.models import Portal
from exchange import reports
from exchange.models import ImportRun, OneCBase, StateRow


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

    def test_creates_a_base_for_each_name(self, shop: Portal):
        lines = run("create", "--portal", "shop", "--name", "Склад", "--name", "Магазин", "--json").splitlines()
        assert len({json.loads(line)["login"] for line in lines}) == 2
        assert set(OneCBase.objects.values_list("name", flat=True)) == {"Склад", "Магазин"}

    def test_reports_what_became_of_what_a_base_sent(self, base: OneCBase):
        sent = ImportRun.objects.create(base=base, type="catalog", file_name="import.xml", path="", state="failed", error="Обрыв")
        for onec_id, pushed in (("a", 1), ("b", 0)):
            StateRow.objects.create(
                base=base, kind="product", onec_id=onec_id, pushed_version=pushed, known={} if pushed else None
            )
        reports.report(portal=base.portal, base=base, run=sent, cause="name-missing", kind="product", onec_id="b")
        told = json.loads(run("report", "--portal", base.portal.member_id, "--json"))
        assert told["login"] == base.login
        assert [(one["file"], one["state"], one["error"]) for one in told["runs"]] == [("import.xml", "failed", "Обрыв")]
        assert told["objects"] == {"product": {"told": 2, "waiting": 1, "in_portal": 1}}
        assert told["problems"] == [{"cause": "name-missing", "kind": "product", "objects": 1, "example": "b"}]
        sentences = run("report", "--portal", base.portal.member_id)
        assert "product: 2 told, 1 in the portal, 1 waiting" in sentences
        assert "import.xml: failed: Обрыв" in sentences

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
        assert OneCBase.objects.get().paused_at is None
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

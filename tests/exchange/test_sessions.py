"""Bases, signing in, runs, and files that nobody asks to import."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher
from django.db import IntegrityError
from django.utils import timezone

from b24app.models import Portal
from exchange import guessing, sessions, storage
from exchange.credentials import Credentials
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.protocol import BAD_LOGIN, BAD_SESSID, NO_CREDENTIALS, PAUSED, SWITCHED_OFF, WRONG_ADDRESS, Refused
from tests.exchange.onec import PASSWORD
from tests.exchange.test_archives import packed


def sign_in(base: OneCBase, **said: str) -> sessions.SignedIn:
    asked = Credentials(said.get("login", base.login), said.get("password", PASSWORD), said.get("token", ""))
    where = {"key": said.get("key", ""), "address": said.get("address", base.login)}
    return sessions.sign_in(asked, **where, sessid=said.get("sessid", ""), type_=said.get("type_", ""))


def refused(base: OneCBase, **said: str) -> str:
    with pytest.raises(Refused) as error:
        sign_in(base, **said)
    return error.value.text


class TestCreateBase:
    def test_makes_a_login_and_a_password_that_are_easy_to_type(self, shop: Portal):
        base, password = sessions.create_base(shop, "  Склад ", "unf")
        assert re.fullmatch(r"1c-[a-z0-9]{6}", base.login)
        assert re.fullmatch(r"[a-z0-9]{4}(-[a-z0-9]{4}){2}", password)
        assert not set("01loi") & set(password + base.key)
        assert base.name == "Склад"
        assert identify_hasher(base.password)
        assert password not in base.password

    def test_finds_another_login_when_one_is_taken(self, shop: Portal, monkeypatch: pytest.MonkeyPatch):
        words = iter(["k1", "same", "k2", "same", "k3", "other"])
        monkeypatch.setattr(sessions, "_password", lambda: "password")
        monkeypatch.setattr(sessions, "_word", lambda length: next(words))
        assert sessions.create_base(shop, "1", "other")[0].login == "1c-same"
        assert sessions.create_base(shop, "2", "other")[0].login == "1c-other"

    def test_refuses_a_configuration_that_nobody_knows(self, shop: Portal):
        with pytest.raises(ValueError, match="unknown configuration"):
            sessions.create_base(shop, "1C", "sap")

    def test_a_login_belongs_to_one_portal_of_all(self, base: OneCBase):
        other = Portal.objects.create(member_id="other", domain="other.example")
        with pytest.raises(IntegrityError):
            OneCBase.objects.create(portal=other, name="1C", key="k", login=base.login, password="")


class TestSignIn:
    def test_takes_a_login_in_any_case_and_a_cookie_alone(self, base: OneCBase):
        assert sign_in(base, login=base.login.upper()).base == base
        session, token = sessions.open_session(base, "catalog")
        assert sign_in(base, login="", password="", token=token) == (base, session)
        assert re.fullmatch(r"[A-Za-z0-9]{32}", token)
        assert token not in session.token_digest

    @pytest.mark.parametrize(
        "said", [{"password": "wrong"}, {"password": ""}, {"login": "1c-nobody"}, {"login": "a\0b"}, {"login": "'--"}]
    )
    def test_refuses_a_wrong_name_or_password(self, base: OneCBase, said: dict[str, str]):
        assert refused(base, **said) == BAD_LOGIN

    def test_says_so_when_nothing_reached_the_server(self, base: OneCBase):
        assert refused(base, login="", password="") == NO_CREDENTIALS

    def test_an_unknown_cookie_alone_is_a_bad_login_and_beside_a_password_no_harm(self, base: OneCBase):
        assert refused(base, login="", password="", token="unknown") == BAD_LOGIN
        assert sign_in(base, token="unknown").session is None

    def test_a_cookie_under_another_login_is_refused(self, base: OneCBase):
        other, password = sessions.create_base(base.portal, "Другая", "other")
        _, token = sessions.open_session(base, "catalog")
        assert refused(base, login=other.login, password=password, token=token) == BAD_LOGIN

    def test_the_key_in_the_address_must_be_the_bases_own(self, base: OneCBase):
        other, _ = sessions.create_base(base.portal, "Другая", "other")
        assert sign_in(base, key=base.key).base == base
        assert refused(base, key=other.key) == WRONG_ADDRESS

    def test_verifies_the_form_token_when_it_is_sent(self, base: OneCBase):
        session, token = sessions.open_session(base, "sale")
        assert sign_in(base, token=token, sessid=session.form_token).session == session
        assert refused(base, token=token, sessid="x", type_="sale") == BAD_SESSID["sale"]
        assert refused(base, token=token, sessid="ы", type_="catalog") == BAD_SESSID[""]

    def test_a_form_token_without_a_cookie_names_the_session(self, base: OneCBase):
        first, _ = sessions.open_session(base, "catalog")
        sessions.open_session(base, "catalog")
        assert sign_in(base, sessid=first.form_token).session == first

    def test_a_session_ends_when_nobody_uses_it(self, base: OneCBase):
        _, token = sessions.open_session(base, "catalog")
        ExchangeSession.objects.update(last_at=timezone.now() - sessions.SESSION_IDLE - dt.timedelta(seconds=1))
        assert refused(base, login="", password="", token=token) == BAD_LOGIN

    def test_a_new_password_ends_the_old_one_and_every_session(self, base: OneCBase):
        _, token = sessions.open_session(base, "catalog")
        sign_in(base)
        fresh = sessions.new_password(base)
        assert refused(base) == BAD_LOGIN
        assert refused(base, login="", password="", token=token) == BAD_LOGIN
        assert sign_in(base, password=fresh).base == base

    def test_a_paused_base_and_a_removed_app_say_so(self, base: OneCBase):
        OneCBase.objects.update(paused_at=timezone.now())
        assert refused(base) == PAUSED
        Portal.objects.update(uninstalled_at=timezone.now())
        assert refused(base) == SWITCHED_OFF

    def test_hashes_a_password_once_for_many_requests(self, base: OneCBase, monkeypatch: pytest.MonkeyPatch):
        hashed: list[str] = []

        def counted(password: str, encoded: str) -> bool:
            hashed.append(encoded)
            return check_password(password, encoded)

        monkeypatch.setattr(sessions, "check_password", counted)
        for _ in range(5):
            sign_in(base)
        assert len(hashed) == 1

    def test_guessing_is_slowed_down_and_others_are_not(self, base: OneCBase):
        for _ in range(guessing.FREE_TRIES):
            assert refused(base, password="wrong") == BAD_LOGIN
        assert refused(base).startswith("Слишком много попыток")
        assert sign_in(base, address=f"{base.login}-elsewhere").base == base


class TestSessionFor:
    def test_a_client_without_a_cookie_goes_on_with_its_newest_session(self, base: OneCBase):
        session, _ = sessions.open_session(base, "catalog")
        assert sessions.session_for(sign_in(base), "catalog") == session
        assert sessions.session_for(sign_in(base), "sale") != session


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return sessions.open_session(base, "catalog")[0]


def send(session: ExchangeSession, name: str, body: bytes = b"<a></a>") -> None:
    storage.receive(session, name, io.BytesIO(body), len(body))


class TestOpenRun:
    def test_gives_one_run_per_upload(self, session: ExchangeSession):
        send(session, "import.xml")
        run = sessions.open_run(session, "import.xml")
        assert sessions.open_run(session, "import.xml") == run
        assert (run.state, run.size, run.type) == (ImportRun.State.WAITING, 7, "catalog")
        send(session, "import.xml")
        assert sessions.open_run(session, "import.xml") != run

    def test_raises_for_a_file_that_never_came(self, session: ExchangeSession):
        with pytest.raises(UploadedFile.DoesNotExist):
            sessions.open_run(session, "import.xml")


LATER = dt.timedelta(minutes=2)


class TestPickUpForgotten:
    def test_takes_whole_files_in_the_order_to_read_them(self, session: ExchangeSession):
        for name in ("rests.xml", "offers.xml", "import.xml", "prices.xml"):
            send(session, name)
        send(session, "cut.xml", b"<a><b>")
        send(session, "x.jpg", b"jpeg")
        assert sessions.pick_up_forgotten() == []
        later = timezone.now() + LATER
        assert [run.file_name for run in sessions.pick_up_forgotten(later)] == [
            "import.xml",
            "offers.xml",
            "prices.xml",
            "rests.xml",
        ]
        assert sessions.pick_up_forgotten(later) == []

    def test_unpacks_archives_once_they_are_whole(self, session: ExchangeSession):
        data = packed(("offers.xml", b"<a/>"), ("import.xml", b"<a/>")).getvalue()
        send(session, "v8_1.zip", data[:40])
        later = timezone.now() + LATER
        assert sessions.pick_up_forgotten(later) == []
        send(session, "v8_1.zip", data[40:])
        assert [run.file_name for run in sessions.pick_up_forgotten(later)] == ["import.xml", "offers.xml"]

    def test_takes_what_a_client_that_left_did_not_ask_for(self, session: ExchangeSession):
        send(session, "import.xml")
        send(session, "offers.xml")
        sessions.open_run(session, "import.xml")
        assert [run.file_name for run in sessions.pick_up_forgotten(timezone.now() + LATER)] == ["offers.xml"]

    def test_takes_nothing_after_a_failure(self, session: ExchangeSession):
        send(session, "import.xml")
        send(session, "offers.xml")
        ImportRun.objects.filter(pk=sessions.open_run(session, "import.xml").pk).update(state="failed")
        assert sessions.pick_up_forgotten(timezone.now() + LATER) == []

    def test_gives_up_on_a_hostile_archive(self, session: ExchangeSession):
        send(session, "v8_1.zip", packed(("../a.xml", b"<a/>")).getvalue())
        later = timezone.now() + LATER
        assert sessions.pick_up_forgotten(later) == []
        assert not UploadedFile.objects.filter(unpacked_at=None).exists()

    def test_leaves_a_paused_base_and_orders_alone(self, session: ExchangeSession, base: OneCBase):
        send(sessions.open_session(base, "sale")[0], "orders.xml")
        assert sessions.pick_up_forgotten(timezone.now() + LATER) == []
        send(session, "import.xml")
        OneCBase.objects.update(paused_at=timezone.now())
        assert sessions.pick_up_forgotten(timezone.now() + LATER) == []

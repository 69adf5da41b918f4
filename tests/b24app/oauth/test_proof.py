from __future__ import annotations

import pytest

from b24app.models import Portal
from b24app.oauth.proof import Offer, Unproved, identify, prove
from b24app.oauth.proof import _read_person as read_person
from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import RestError, make
from tests.b24app.posts import event_body, frame_body

APP = Outcome(Command("app.info"), {"CODE": "local.ours"})


def profile(result) -> Outcome:
    return Outcome(Command("profile"), result)


class TestPerson:
    def test_is_read_from_profile(self):
        assert read_person([profile({"ID": "7", "ADMIN": True}), APP], "local.ours") == (7, True)

    @pytest.mark.parametrize("told", [False, None, "N", "false", 0, []])
    def test_is_no_administrator_unless_the_portal_says_so(self, told):
        assert read_person([profile({"ID": "7", "ADMIN": told}), APP], "") == (7, False)

    @pytest.mark.parametrize("told", [[], {}, {"ID": ""}, {"ID": "x"}, {"ID": None}, "", None])
    def test_who_is_dismissed_or_unnamed_is_nobody(self, told):
        with pytest.raises(Unproved):
            read_person([profile(told), APP], "")

    def test_with_a_token_of_another_app_is_nobody(self):
        with pytest.raises(Unproved):
            read_person([profile({"ID": "7"}), APP], "local.theirs")

    def test_whose_token_is_refused_is_not_proved_but_silence_is_no_answer(self):
        with pytest.raises(Unproved):
            read_person([Outcome(Command("profile"), error=make("expired_token", status=401)), APP], "")
        with pytest.raises(RestError):
            read_person([Outcome(Command("profile"), error=make("NO_ANSWER")), APP], "")


class TestOffer:
    def test_of_a_frame_has_bounded_fields(self):
        offer = Offer.from_frame({"DOMAIN": "d" * 999, "LANG": "RU" * 99}, {"member_id": "m" * 999, "AUTH_EXPIRES": "never"})
        assert (len(offer.domain), len(offer.member_id), offer.expires_in) == (255, 64, 3600)
        assert len(offer.language) == 8

    def test_of_an_event_without_anything_is_empty(self):
        offer = Offer.from_event({})
        assert (offer.member_id, offer.domain, str(offer.access_token)) == ("", "", "")

    def test_never_shows_its_secrets(self, bitrix24):
        offer = Offer.from_event(event_body(bitrix24, "ONAPPINSTALL"))
        for secret in (offer.access_token, offer.refresh_token, offer.application_token):
            assert len(secret) > 10
            assert str(secret) not in repr(offer)

    def test_without_an_answer_is_neither_proved_nor_refused(self, bitrix24, db):
        bitrix24.faults.down = 9
        query = {"DOMAIN": bitrix24.domain, "PROTOCOL": "0"}
        with pytest.raises(RestError):
            prove(Offer.from_frame(query, frame_body(bitrix24)))


class TestIdentifying:
    def test_needs_a_token(self):
        with pytest.raises(Unproved):
            identify(Portal(), "")

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command
from django.db import connection

from b24app.models import Portal, ServiceCredential
from b24app.sealed import Secret, seal, unseal

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


def raw(column: str, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {column} from {table}")
        return [value for (value,) in cursor.fetchall()]


class TestSeal:
    def test_opens_again_and_is_never_the_same_twice(self):
        assert unseal(seal("secret")) == "secret"
        assert seal("secret") != seal("secret")

    def test_opens_with_any_of_the_keys_and_closes_with_the_first(self, settings):
        settings.TOKEN_KEYS = [OLD]
        sealed = seal("secret")
        settings.TOKEN_KEYS = [NEW, OLD]
        assert unseal(sealed) == "secret"
        again = seal("secret")
        settings.TOKEN_KEYS = [NEW]
        assert unseal(again) == "secret"

    def test_never_opens_with_another_key(self, settings):
        settings.TOKEN_KEYS = [OLD]
        sealed = seal("secret")
        settings.TOKEN_KEYS = [OTHER]
        with pytest.raises(InvalidToken):
            unseal(sealed)

    def test_does_not_show_itself(self):
        assert "hidden" not in repr([Secret("hidden")])


class TestField:
    def test_keeps_nothing_readable_in_the_database(self, portal):
        assert all(value.startswith("gAAAA") for value in raw("application_token", "b24app_portal"))

    def test_fails_rather_than_show_what_it_cannot_open(self, portal, settings):
        settings.TOKEN_KEYS = [OTHER]
        with pytest.raises(InvalidToken):
            Portal.objects.get()

    def test_cannot_be_searched(self, portal):
        with pytest.raises(TypeError):
            Portal.objects.filter(application_token="x").exists()
        assert Portal.objects.filter(application_token__isnull=False).exists()


class TestRotateKeys:
    def test_seals_everything_with_the_first_key(self, portal, settings, capsys):
        token, access = portal.application_token, ServiceCredential.objects.get().access_token
        settings.TOKEN_KEYS = [NEW, *settings.TOKEN_KEYS]
        call_command("rotate_keys")
        assert "b24app.ServiceCredential: 1 rows" in capsys.readouterr().out
        settings.TOKEN_KEYS = [NEW]
        assert Portal.objects.get().application_token == token
        assert ServiceCredential.objects.get().access_token == access

    def test_leaves_what_is_not_there_alone(self, portal, settings):
        assert raw("client_secret", "b24app_portal") == [None]
        call_command("rotate_keys")
        assert raw("client_secret", "b24app_portal") == [None]

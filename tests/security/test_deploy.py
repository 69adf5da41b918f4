"""Production settings pass Django's own check for deployment without a word."""

from __future__ import annotations

import os
import subprocess
import sys

from cryptography.fernet import Fernet
from django.conf import settings


class TestDeploy:
    def test_is_clean_with_production_settings(self):
        environment = {
            **os.environ,
            "DATABASE_URL": "postgresql://app@db.example/app",
            "REDIS_URL": "redis://redis.example:6379/0",
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEFGHIJKLMNOP",
            "TOKEN_KEYS": Fernet.generate_key().decode(),
            "APP_URL": "https://app.example",
            "ALLOWED_HOSTS": "app.example",
            "B24_CLIENT_ID": "app.1",
            "B24_CLIENT_SECRET": "secret",
            "B24_INSECURE_HTTP": "0",
            "DEBUG": "0",
        }
        # Set for the tests beside this one: browser tests need it.
        environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout

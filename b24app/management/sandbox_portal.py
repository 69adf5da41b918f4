"""The sandbox portal beside a development app: its settings, the installation in it, and a first 1C base."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from b24app.models import Portal
from exchange import sessions
from exchange.models import OneCBase

BASE_NAME = "Демо"
CONFIGURATION = "ut11"
SECONDS = 30


class NotInstalled(Exception):
    """The app could not be installed in the sandbox portal; the message says what the portal saw."""


@dataclass(frozen=True, slots=True)
class Door:
    """What an outsider needs to use a running app; the line that `up --json` prints. None where there is no sandbox portal."""

    app_url: str
    portal_url: str | None = None
    member_id: str | None = None
    exchange_url: str | None = None
    login: str | None = None
    password: str | None = None

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def write(self, path: Path) -> None:
        """Keep it for its owner's eyes only: it holds a password."""
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(self.line() + "\n")
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path) -> Door | None:
        """The last one written; None when there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class SandboxPortal:
    """Where the portal of this data directory listens, and the credentials that its one application has."""

    port: int
    app_url: str
    data_dir: Path
    client_id: str
    client_secret: str

    @classmethod
    def of(cls, data_dir: Path, *, port: int, app_url: str) -> SandboxPortal:
        """The same credentials at every start, kept with the other development secrets."""
        path = data_dir / "secrets" / "sandbox_application.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            client = {
                "client_id": f"local.{secrets.token_hex(7)}.{secrets.randbelow(10**8):08}",
                "client_secret": secrets.token_urlsafe(37),
            }
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
                json.dump(client, stream)
        return cls(port=port, app_url=app_url, data_dir=data_dir / "portal", **json.loads(path.read_text()))

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def command(self) -> str:
        return shlex.join(
            [
                *("python", "-m", "sandbox.portal", "--port", str(self.port), "--app-url", self.app_url),
                # With "=", for a secret may begin with a dash.
                *(f"--client-id={self.client_id}", f"--client-secret={self.client_secret}", f"--data-dir={self.data_dir}"),
            ]
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the app must know to work with this portal."""
        return {
            "B24_CLIENT_ID": self.client_id,
            "B24_CLIENT_SECRET": self.client_secret,
            "B24_OAUTH_SERVERS": self.url,
            "B24_INSECURE_HTTP": "1",
        }

    def answers(self) -> bool:
        return self._facts() is not None

    def install(self) -> Portal:
        """The app's row of this portal, installed there first if it is not (or if the app moved). Raises NotInstalled."""
        facts = self._facts() or {}
        member_id = str(facts.get("member_id", ""))
        portal = Portal.objects.filter(member_id=member_id, installed_at__isnull=False, uninstalled_at__isnull=True).first()
        if portal is None or not facts["app"]["installed"] or portal.domain != facts["domain"]:
            seen = self._ask("install", {"user": 1})
            portal = Portal.objects.filter(member_id=member_id).first()
            if portal is None or seen.get("status") != 200:
                raise NotInstalled(f"The app could not be installed in the sandbox portal; it answered {seen}")
        return portal

    def door(self, portal: Portal, app_url: str, last: Door | None) -> Door:
        """How to use the portal's first 1C base, made now if there is none; its password is renewed only if nobody knows it."""
        bases = OneCBase.objects.filter(portal=portal)
        known = bases.filter(login=last.login).first() if last is not None else None
        base = known or bases.filter(name=BASE_NAME).order_by("id").first()
        if base is None:
            base, password = sessions.create_base(portal, BASE_NAME, CONFIGURATION)
        elif known is not None and last is not None and last.password:
            password = last.password
        else:
            password = sessions.new_password(base)
        return Door(app_url, self.url, portal.member_id, f"{app_url}/1c/{base.key}/", base.login, password)

    def _facts(self) -> dict[str, Any] | None:
        try:
            facts: dict[str, Any] = self._ask("state?only=users")["portal"]
        except OSError:
            return None
        return facts

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  (an address of our own making)
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = {"status": error.code, "body": error.read(2000).decode(errors="replace")}
        return found

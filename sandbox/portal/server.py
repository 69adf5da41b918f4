"""The HTTP side of the double: one threaded server for REST, the authorisation server, the portal's pages and the control API."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.portal import control
from sandbox.portal.calls import Calls
from sandbox.portal.faults import Faults
from sandbox.portal.handler import Handler
from sandbox.portal.install import Installation
from sandbox.portal.portal import SCOPE, Portal
from sandbox.portal.rest import Rest
from sandbox.portal.state import State


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True
    portal_server: PortalServer

    def __init__(self, address: tuple[str, int]) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, source = super().get_request()
        self.open.add(connection)
        return connection, source

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are everyday life here; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


class PortalServer:
    """A Bitrix24 portal double that listens on a local port.

    `PortalServer().start()` answers itself; `.url`, `.domain`, `.member_id`, `.client_id`, `.client_secret`, `.oauth_url` say
    how to reach it, `.state`, `.calls`, `.faults` look into it and disturb it, `.issue_tokens(user_id)` signs a user in.
    """

    def __init__(  # noqa: PLR0913 — the settings of a whole world, all keyword-only
        self,
        *,
        port: int = 0,
        host: str = "localhost",
        app_url: str = "",
        client_id: str = "",
        client_secret: str = "",
        data_dir: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
        scope: str = SCOPE,
        bucket: tuple[float, float] = (50, 2.0),
        tls: tuple[str, str] | None = None,
        installed: bool = False,
    ) -> None:
        folder = Path(data_dir) if data_dir is not None else None
        self.portal = Portal(
            client_id=client_id, client_secret=client_secret, app_url=app_url, data_dir=folder, clock=clock, scope=scope
        )
        self.portal.bucket.size, self.portal.bucket.rate = bucket
        self._http = _Server(("127.0.0.1", port))
        self._http.portal_server = self
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._http.server_address[1])
        self.portal.domain = f"{host}:{self.port}"
        self.portal.base_url = f"{'https' if tls else 'http'}://{self.portal.domain}"
        self.rest = Rest(self.portal)
        self.installation = Installation(self.portal)
        self.state = State(self.portal)
        self._thread: threading.Thread | None = None
        if installed:
            self.portal.change_app(installed=True, opened=True, installer=1)

    def start(self) -> PortalServer:
        """Begin to answer, in a thread of its own."""
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="portal", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, close every connection and keep the data."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()
        for connection in list(self._http.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.portal.close()

    def __enter__(self) -> PortalServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The portal's address, without a slash at the end."""
        return self.portal.base_url

    @property
    def oauth_url(self) -> str:
        """The authorisation server's base; the token endpoint is `<base>/oauth/token/`."""
        return self.portal.base_url

    @property
    def domain(self) -> str:
        """Host and port, as the portal writes it in DOMAIN."""
        return self.portal.domain

    @property
    def member_id(self) -> str:
        """The portal's stable key."""
        return self.portal.member_id

    @property
    def client_id(self) -> str:
        """The application's client_id."""
        return self.portal.client_id

    @property
    def client_secret(self) -> str:
        """The application's secret."""
        return self.portal.client_secret

    @property
    def application_token(self) -> str:
        """The secret that events and frames of this installation carry."""
        return str(self.portal.app["application_token"])

    @property
    def calls(self) -> Calls:
        """What was asked so far."""
        return self.portal.calls

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.portal.faults

    def issue_tokens(self, user_id: int = 1) -> dict[str, Any]:
        """A new token pair of a user, in the shape of the token endpoint's answer."""
        with self.portal.lock:
            tokens = self.portal.oauth.issue(user_id)
            self.portal.store.commit()
            return tokens

    def call(self, method: str, params: dict[str, Any] | None = None, user_id: int = 1) -> Any:
        """Call a method as a portal user without HTTP, limits or records; raises RestError."""
        return control.as_user(self.portal, method, params or {}, user_id)

    def edit(self, **change: Any) -> dict[str, Any]:
        """Act as a portal user: the body of `POST /_sandbox/edit` as keywords."""
        return control.edit(self.portal, change)

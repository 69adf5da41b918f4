"""`python -m sandbox.portal`: the portal double on a port of its own, for development and demonstrations."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from sandbox.portal.portal import SCOPE
from sandbox.portal.server import PortalServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted."""
    options = _options(arguments)
    rate = (options.bucket_size, options.bucket_rate)
    server = PortalServer(
        port=options.port,
        host=options.host,
        app_url=options.app_url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        data_dir=options.data_dir,
        scope=options.scope,
        bucket=rate,
    ).start()
    if options.accounting:
        server.portal.set_accounting(True)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    ready = {
        "portal_url": server.url,
        "member_id": server.member_id,
        "client_id": server.client_id,
        "oauth_url": server.oauth_url,
    }
    print(json.dumps(ready), flush=True)
    if options.installed and not server.portal.app["installed"]:
        threading.Thread(target=server.installation.install_until_answered, name="install", daemon=True).start()
    stop.wait()
    server.stop()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.portal", description=__doc__)
    parser.add_argument("--port", type=int, default=8900, help="port to listen on (0: any free one)")
    parser.add_argument("--host", default="localhost", help="the portal's host name as browsers see it")
    parser.add_argument("--app-url", default="", help="base address of the application")
    parser.add_argument("--client-id", default=os.environ.get("B24_CLIENT_ID", ""))
    parser.add_argument("--client-secret", default=os.environ.get("B24_CLIENT_SECRET", ""))
    parser.add_argument("--data-dir", default=None, help="where everything is kept; without it nothing outlives the process")
    parser.add_argument("--scope", default=SCOPE)
    parser.add_argument("--installed", action="store_true", help="install the application as soon as it answers")
    parser.add_argument("--accounting", action="store_true", help="begin with warehouse accounting on")
    parser.add_argument("--bucket-size", type=float, default=50)
    parser.add_argument("--bucket-rate", type=float, default=2.0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

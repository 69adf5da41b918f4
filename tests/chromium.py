"""Where the browser tests find Chromium: named, installed, or fetched by playwright."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium to start, or None when there is none on this machine."""
    named = os.environ.get("CHROMIUM", "")
    candidates = [named] if named else [path for name in NAMES if (path := shutil.which(name))]
    if not candidates:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            candidates = [playwright.chromium.executable_path]
    return next((path for path in candidates if Path(path).exists()), None)


if __name__ == "__main__":
    found = chromium()
    sys.stdout.write(f"{found}\n" if found else "")
    sys.exit(found is None)

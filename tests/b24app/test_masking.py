"""What leaves the house by a log or an error report."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from b24app.masking import MaskingFormatter, MaskSecrets, masked, masked_event
from tests.processes import ROOT

SECRETS = [
    "GET /rest/profile?auth=0123456789abcdef",
    '{"refresh_token": "0123456789abcdef"}',
    "Authorization: Frame eyJ1c2VyIjoxfQ:0123456789abcdef",
    "password=0123456789abcdef",
]


class TestMask:
    @pytest.mark.parametrize("text", SECRETS)
    def test_hides_the_secret_and_keeps_the_rest(self, text: str):
        assert "0123456789abcdef" not in masked(text)
        assert masked(text)[:8] == text[:8]

    def test_leaves_ordinary_text_alone(self):
        text = "portal 7: 50 products pushed in 1.2 s, barcode 4601234567890"
        assert masked(text) == text

    def test_goes_over_the_finished_line_and_the_traceback(self):
        handler = logging.StreamHandler()
        try:
            raise ValueError(SECRETS[1])
        except ValueError:
            record = logging.LogRecord("x", logging.ERROR, "f", 1, "asked %s", (SECRETS[0],), sys.exc_info())
        MaskSecrets().filter(record)
        handler.setFormatter(MaskingFormatter("%(message)s"))
        assert "0123456789abcdef" not in handler.format(record)

    def test_goes_through_a_whole_error_report(self):
        event = {"message": SECRETS[0], "extra": [{"line": SECRETS[3]}], "level": "error", "count": 3}
        assert "0123456789abcdef" not in str(masked_event(event))
        assert masked_event(event)["count"] == 3


class TestErrorReports:
    def test_start_when_an_address_is_given(self):
        code = """
import b24app.settings, sentry_sdk
from b24app.masking import masked_event
options = sentry_sdk.get_client().options
print(options["before_send"] is masked_event, options["send_default_pii"], options["include_local_variables"])
"""
        environment = {**os.environ, "SENTRY_DSN": "https://key@sentry.invalid/1"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == "True False False", done.stderr

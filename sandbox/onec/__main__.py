"""`python -m sandbox.onec`: a 1C at the command line."""

from __future__ import annotations

import sys

from sandbox.onec.cli import main

sys.exit(main(sys.argv[1:]))

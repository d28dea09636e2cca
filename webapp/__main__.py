"""`python -m webapp` is `podium`."""

import sys

from webapp.cli import main

sys.exit(main())

"""`python -m linewise.cli`."""

import sys

from .run import main

sys.exit(main())

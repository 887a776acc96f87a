"""`python -m linewise`: the command line."""

import sys

from linewise.cli import main

sys.exit(main())

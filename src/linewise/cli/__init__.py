"""The command line: thin, teaching by example. It calls the rooms and holds no medicine and no logic.

`run` reads the command and prints errors; each other module adds its commands; `terminal` is how a page looks.
"""

from .run import main

__all__ = ["main"]

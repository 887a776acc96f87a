"""What a form of file is: how it is called and recognised, and what opens it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from linewise.knowledge import Knowledge

from .sheet import Sheet


class Tools(msgspec.Struct, frozen=True):
    """What opening a file may need: the knowledge, and a way to open what is inside it."""

    knowledge: Knowledge
    open: Callable[[bytes, str], list[Sheet]]


class Form(msgspec.Struct, frozen=True):
    """One form of file: its id and name, how it is recognised by its bytes and name, and what opens it."""

    id: str
    name: str
    recognise: Callable[[bytes, str], bool]
    open: Callable[[bytes, str, Tools], list[Sheet]]

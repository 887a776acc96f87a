"""The one way in which an answer leaves: what became of a request stands in the audit trail first, whatever became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from linewise.errors import TooBigError

from .audit import Act
from .house import House
from .logs import log
from .refused import Refused

Form = Callable[[Refused], Response]


async def answered(
    house: House,
    act: Act,
    form: Form,
    work: Callable[[], Awaitable[Response]],
    written: Callable[[Response], bool] = lambda answer: True,
) -> Response:
    """The answer of `work`, or its refusal in the form of the interface, with its row in the trail where it is `written`.

    A fault of ours is a refusal too (500): it has its row, and its text stays here, because it may hold a line of a record.
    """
    try:
        try:
            answer = await work()
        except TooBigError:  # the shield says so and takes what still arrives
            act.refused(413)
            await house.audited(act)
            raise
        except Refused as fault:
            act.refused(fault.status)
            answer = form(fault)
        except ClientDisconnect:
            act.refused(400)
            answer = form(Refused(400, "The request ended in the middle."))
        except Exception as fault:
            broke = failed(fault)
            act.refused(broke.status)
            answer = form(broke)
        if written(answer):
            await house.audited(act)
    except Refused as fault:
        return form(fault)
    return answer


def failed(fault: Exception) -> Refused:
    """What is told where the server itself failed; the log gets the kind of the error alone."""
    log.error("error", extra={"values": {"kind": type(fault).__name__}})
    return Refused(500, "The server failed. Nothing was decided.")

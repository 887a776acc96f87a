"""How long people like this one lived in studies, for somebody who asks: words first, figures on request, never a forecast.

    outlook = make_outlook(plan, figures=False)     the words alone, and that figures were not asked for
    outlook = make_outlook(plan, figures=True)      with the published figures of people like this one, and why others are not shown

One structure for the terminal, JSON and a page.
"""

from .make import make_outlook
from .model import Outlook

__all__ = ["Outlook", "make_outlook"]

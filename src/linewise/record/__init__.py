"""One person's dated entries, and the facts and lines of therapy derived from them as of a day."""

from .chart import Chart
from .model import Administration, Course, Entry, Event, Medication, Origin, Reaction, Record, Unread

__all__ = ["Administration", "Chart", "Course", "Entry", "Event", "Medication", "Origin", "Reaction", "Record", "Unread"]

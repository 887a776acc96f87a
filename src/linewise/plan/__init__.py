"""Record + knowledge + day + region -> plan: the heart. Pure, no input or output.

plan = make_plan(record, knowledge, day, region)
plan.offered, plan.tests, plan.urgent, plan.json()
"""

from .make import DISCLAIMER, Plan, make_plan

__all__ = ["DISCLAIMER", "Plan", "make_plan"]

"""A benchmark of decisions: the project's example cases as a set that any system can be measured on.

    decisions = open_set()                                    the cases of this release
    score(decisions, answers)                                 how many are right, and how dangerous what is wrong would be

A case asks whether an option is to be offered, or whether an alarm is due. What is expected is what a published source says.
"""

"""Clinical trials: registry entries read, their criteria decided for one person, and what is still to be asked.

    entries = read_entries(path)                       registry exports of every kind, or the trials of the knowledge
    answer = match(entry, record, knowledge, day)      may fit, depends on …, or does not fit because …

What a text says is read by a small grammar whose words are knowledge (`knowledge/trials/words-*.yaml`). What it does not understand without
doubt is "to be checked by the team": it never counts as fulfilled, and never as failed.
"""

"""The person's own store: records, diary, notes. On this machine, encrypted, several people kept apart.

vault = Vault(path)
journal = vault.create("Anna", "a long passphrase")      or vault.open(person_id, passphrase)
text, version = journal.read("diary");  journal.write("diary", text, version)
"""

from .vault import DamagedError, Journal, Person, StaleError, Vault, WrongPassphraseError

__all__ = ["DamagedError", "Journal", "Person", "StaleError", "Vault", "WrongPassphraseError"]

"""Password hashes at the lowest cost, to save time in tests that are not about the cost."""

from argon2 import PasswordHasher

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# Replaces these names in movr.passwords.
REPLACED = {"_hasher": HASHER, "DUMMY_HASH": HASHER.hash("the password of no account")}

"""What scenarios share: the database they fill, the people and vehicles they make, bulk loading.

A scenario itself is a file in the folder above.
"""

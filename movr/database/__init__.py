"""Database access: engine, deadline, circuit breaker, query statistics, schema history.

A module here either suits any application on CockroachDB or PostgreSQL, or manages the database as
a whole (migrations, invariants, the embedded server, creating and dropping databases). Queries and
transactions of riders belong to the parent package.
"""

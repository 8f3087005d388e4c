"""How MovR reaches its database: engine, deadline, circuit breaker, statistics, schema history.

A module here would serve any app on CockroachDB or PostgreSQL, or looks after the database as a
whole (migrations, invariants, an embedded server, databases to create and drop). What riders do
belongs to the modules above.
"""

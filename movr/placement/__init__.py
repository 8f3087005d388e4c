"""Where rows live: the placements a database can have, and the SQL from one to another.

A module here plans, runs or checks a placement, on CockroachDB or PostgreSQL. The models say
nothing about it. When to choose which: docs/multi-region.md.
"""

"""Placements: the regions where a database stores its rows, and the SQL to change between them.

A module here plans, runs or checks a placement, on CockroachDB or PostgreSQL. The models are
independent of it. docs/multi-region.md explains which placement to choose.
"""

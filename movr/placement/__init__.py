"""Where rows live: the placements a database can have, and the SQL from one to another.

The models say nothing about it. When to choose which: docs/multi-region.md.
"""

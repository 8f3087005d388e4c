"""Staff of a city: their roles, what they can do, and the audit of it.

What they can read is in lists.py. Each module has its statements on top and its transactions below.
"""

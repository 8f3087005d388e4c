"""`make demo`: CockroachDB nodes in three regions on this machine, and an app server for each.

What starts, places and stops these processes belongs here; what a real cluster needs is in deploy/.
"""

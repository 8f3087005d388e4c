"""`make demo`: CockroachDB nodes in three regions on this machine, and an app server for each.

Code that starts and stops these processes belongs here. Files for a real cluster are in deploy/.
"""

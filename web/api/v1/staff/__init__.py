"""The operations of staff of a city, for programs: a blueprint a noun, as for the pages of staff.

schemas.py has what they take and return, reads.py how they read, requests.py how they act.
"""

"""What programs read: open data as GBFS feeds. JSON endpoints belong here too.

A blueprint for each standard or version. Its responses look into no session, set no cookie, and
may be cached by anybody.
"""

"""Machine-readable endpoints: open data as GBFS feeds. Other JSON endpoints belong here too.

There is one blueprint per standard or version. Responses use no session, set no cookie and may be
stored by shared caches.
"""

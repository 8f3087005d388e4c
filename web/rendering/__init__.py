"""From results to HTML: templates and their filters, cached fragments, maps, charts, static files.

A module here turns what a view has read into text or a drawing. It reads no database, and whatever
it caches holds nothing of one user.
"""

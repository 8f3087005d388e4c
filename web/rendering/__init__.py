"""Rendering of HTML: template filters, cached fragments, maps, charts and static files, compressed.

A module here turns the data of a view into text or SVG. It reads no database, and its caches
contain no session data.
"""

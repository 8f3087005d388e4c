"""The pages: one blueprint per resource, and the search and pagination of lists.

A view reads the request, calls one method of MovR, and renders a template or redirects. Code that
only views share belongs here, too; other code belongs elsewhere.
"""

"""The pages: a blueprint for each noun, and how their lists are searched and paginated.

A view reads the request, calls one method of MovR, and renders a template or redirects. What two
views need and only they do may come in too; what is not about a page belongs elsewhere.
"""

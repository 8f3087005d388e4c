"""Security: sessions, forms' origins, rate limits, request bodies, response headers and redirects.

A module here authenticates requests, refuses them before their view, or sets security headers. It
renders no template and depends on no page.
"""

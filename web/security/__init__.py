"""What protects users and the site: session, rate limits, request body, headers, redirects.

A module here decides who a request is from, or whether it is refused before its view, or what a
response says to the browser for safety. It renders no template and knows no page.
"""

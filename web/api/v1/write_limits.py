"""The limit of a member's writes, which pages and programs share, and the headers about it.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from flask import Response, after_this_request

from movr.results import AccessToken
from web.context import settings
from web.security import rate_limits


def count(token: AccessToken) -> None:
    """Count a write by this token, and say in the response what remains.

    Only its member learns that: nothing is said of an invalid token. Raises TooManyAttempts.
    """
    write = rate_limits.write_of(token.user, token.epoch, settings().writes_per_minute)
    limit, _ = write

    @after_this_request
    def describe(response: Response) -> Response:
        if rate_limits.is_unproven(response):
            return response
        remaining = rate_limits.remaining(*write)
        response.headers["RateLimit-Policy"] = f'"{limit.name}";q={limit.at_most};w={limit.seconds}'
        response.headers["RateLimit"] = f'"{limit.name}";r={remaining}'
        return response

    rate_limits.count_attempts(write)

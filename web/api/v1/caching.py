"""Responses that programs keep, and ask for again with the ETag (RFC 9110, section 8.8.3)."""

from flask import Response, after_this_request, request


def revalidated(*, by_all: bool = False) -> None:
    """Let the caller, or all caches, keep this response and ask whether it has changed."""

    @after_this_request
    def add_etag(response: Response) -> Response:
        response.cache_control.no_cache = True
        if by_all:
            response.cache_control.public = True
        else:
            response.cache_control.private = True
        response.add_etag()
        response.make_conditional(request)
        return response

"""Flask's session cookie, with a limit on its size and on the messages that wait in it."""

import zlib
from typing import Final

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData, base64_decode

from web.context import is_api_request

MAX_SESSION_SIZE: Final = 8 * 1024  # bytes, decoded; MovR writes 2 KB at most
MAX_MESSAGES: Final = 5
MESSAGES: Final = "_flashes"  # where `flask.flash` keeps them


class SessionInterface(SecureCookieSessionInterface):
    """Flask's sessions, limited in size.

    A cookie of 600 bytes may be decompressed to 600 KB, and each request that sends it would take
    the time and the memory to read that.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie; an empty one if the cookie is too long.

        The JSON API reads no cookies, so it needs no protection against forms of other sites.
        """
        if is_api_request() or _is_too_long(request.cookies.get(self.get_cookie_name(app), "")):
            return self.session_class()
        return super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Return False for what comes without the cookie: the API, and forms of other sites.

        A new cookie would replace the visitor's own, so that any site could log visitors out.
        Older browsers do not send Sec-Fetch-Site; csrf.py has compared the origins over HTTPS.
        """
        if is_api_request():
            return False
        is_cross_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
        is_foreign = g.get("is_of_other_origin") or (is_cross_site and request.method == "POST")
        return not is_foreign and super().should_set_cookie(app, session)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session with the latest of its messages, each once."""
        if session.modified and (messages := session.get(MESSAGES)):
            distinct = dict.fromkeys(map(tuple, reversed(messages)))
            session[MESSAGES] = list(distinct)[:MAX_MESSAGES][::-1]
        super().save_session(app, session, response)


def _is_too_long(cookie: str) -> bool:
    """Return True if a cookie is longer than MAX_SESSION_SIZE once it is decompressed."""
    if not cookie.startswith("."):  # not compressed
        return len(cookie) > MAX_SESSION_SIZE
    try:
        compressed = base64_decode(cookie[1:].partition(".")[0])
        text = zlib.decompressobj().decompress(compressed, MAX_SESSION_SIZE + 1)
    except (BadData, zlib.error):
        return True  # not a cookie of MovR's
    return len(text) > MAX_SESSION_SIZE

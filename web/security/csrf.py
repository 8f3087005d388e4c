"""Forged forms: what changes something must come from a page of ours, and say so by its token.

Flask-WTF looks at the tokens, and makes a session's first. For each page it would make anew what
signs them, and look up whether its view is exempt; here both are settled once.
"""

import json
from hashlib import sha1

from flask import Flask, current_app, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from itsdangerous import TimestampSigner
from itsdangerous.encoding import base64_encode

_SALT = "wtf-csrf-token"  # Flask-WTF's
_SECRET = "csrf_token"  # noqa: S105 - what Flask-WTF calls a session's


def init_app(app: Flask) -> None:
    """Refuse what no page of ours has sent."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False)
    protection = CSRFProtect(app)
    app.extensions["csrf_signer"] = TimestampSigner(
        app.config["SECRET_KEY"], salt=_SALT, digest_method=sha1
    )

    @app.before_request
    def refuse_forgeries() -> None:
        """Flask-WTF knows which methods change something; what leads nowhere need not be ours."""
        if request.method != "GET" and request.endpoint and app.config["WTF_CSRF_ENABLED"]:
            protection.protect()


def csrf_token() -> str:
    """The token of this session, signed with the time: another every second, good as long as it."""
    if _SECRET not in session:
        return str(generate_csrf())
    signer: TimestampSigner = current_app.extensions["csrf_signer"]
    # As Flask-WTF writes it, but that it would first try whether it could be compressed.
    return signer.sign(base64_encode(json.dumps(session[_SECRET]))).decode()

"""Texts that stand in rendered templates for what belongs to one response alone.

Cached fragments hold them in place of a token, a nonce or a key; web/rendering/templating.py fills
those in once the page is rendered. Nobody can guess one.
"""

import secrets
from typing import Final


def placeholder(name: str) -> str:
    """A text that cannot be guessed."""
    return f"{name}-{secrets.token_hex()}"


PLACEHOLDERS: Final = {name: placeholder(name) for name in ("TOKEN", "NONCE", "KEY")}

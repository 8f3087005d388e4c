"""Bootstrap 5 from Bootstrap-Flask: its style sheet, served by MovR, and its macros."""

from pathlib import Path
from typing import Final

from flask import Flask
from flask_bootstrap import Bootstrap5

from web.rendering import static_files

STYLE: Final = "css/bootstrap.min.css"  # no page needs Bootstrap's scripts, icons or other themes


def init_app(app: Flask) -> None:
    """Add `bootstrap.load_css()` and the macros; serve the style sheet as a static file."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    folder = Path(str(app.blueprints["bootstrap"].static_folder))
    static_files.serve_files(app, "bootstrap.static", {STYLE: folder / STYLE})

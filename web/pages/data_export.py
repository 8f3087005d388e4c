"""All that MovR keeps about a member, as a file."""

from uuid import UUID

from flask import Blueprint, Response
from flask_login import login_required

from web.rendering import data_files
from web.security import session

blueprint = Blueprint("data_export", __name__)


@blueprint.get("/users/<uuid:user_id>/export")
@login_required
def download(user_id: UUID) -> Response:
    """Send all that MovR keeps about the member."""
    return data_files.of_member(session.require_own_profile(user_id).key)

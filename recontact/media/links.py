"""A link to one file, signed and good for a while: for providers that fetch what they send."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from recontact.media.response import file_response, name_offered
from recontact.models import MediaFile

#: As long as a window is open at most, so that a message can be tried again until it expires.
LIFETIME = timedelta(hours=25)
_SALT = "recontact.media.links"


def file_link(file: MediaFile) -> str:
    """The link, at the portal's public address. Its end is the file's name, which some providers show."""
    token = signing.dumps(file.pk, salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('media_link', args=[token, quote(name_offered(file), safe='')])}"


@require_safe
def media_link(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file behind a link; 404 for one that is not ours, too old, or whose file is gone."""
    try:
        file_id = signing.loads(token, salt=_SALT, max_age=LIFETIME)
        response = file_response(
            request, MediaFile.objects.get(pk=file_id, state=MediaFile.State.KEPT), for_machine=True
        )
    except (signing.BadSignature, MediaFile.DoesNotExist, FileNotFoundError) as error:
        raise Http404 from error
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response

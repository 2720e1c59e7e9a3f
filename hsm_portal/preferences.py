"""Each user's language and time zone, put in force for the request."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from hsm_portal.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]


class UserPreferencesMiddleware:
    """After authentication: the user's language and zone win over the browser's; the portal's defaults fill the gaps."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        zone = user.time_zone if isinstance(user, User) and user.time_zone else settings.TIME_ZONE
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)

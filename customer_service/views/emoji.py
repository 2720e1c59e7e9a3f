"""The emoji to pick from, in the reader's language: asked for once when somebody opens the picker."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from customer_service.emoji import EMOJI
from customer_service.views.shell import ServiceView


class EmojiView(ServiceView):
    """The signs with their names."""

    permission_required = ("recontact.view_query", "recontact.send_text")
    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.fragment("customer_service/parts/emoji.html", {"groups": EMOJI})

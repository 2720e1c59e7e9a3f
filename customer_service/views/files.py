"""Files of conversations: read by whoever reaches their query, and asked for once more at the provider."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from customer_service.inbound_files import file_fetch_again
from customer_service.models import InboundFile
from customer_service.views.shell import ServiceView
from customer_service.views.tickets import back_to_ticket
from recontact.media.response import file_response
from recontact.models import MediaFile


class FileView(ServiceView):
    """One file, to whoever sees the conversation that it belongs to."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, query_id: int, file_id: int) -> HttpResponseBase:
        query = self.query(query_id)
        file = get_object_or_404(MediaFile, pk=file_id, query=query, state=MediaFile.State.KEPT)
        try:
            return file_response(request, file)
        except FileNotFoundError as error:
            raise Http404 from error


class FileAgainView(ServiceView):
    """Ask the provider once more for a file that was given up."""

    permission_required = ("recontact.view_query", "recontact.change_query")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, query_id: int, file_id: int) -> HttpResponseBase:
        query = self.query(query_id)
        file_fetch_again(get_object_or_404(InboundFile, pk=file_id, message__query=query))
        return back_to_ticket(request, query)

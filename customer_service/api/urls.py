"""Addresses of the agents' part of the API."""

from django.urls import path

from customer_service.api.actions import (
    DescribeView,
    ReferView,
    ReopenView,
    ResolveView,
    SnoozeView,
    TakeView,
    WakeView,
)
from customer_service.api.conversation import ConversationView
from customer_service.api.files import FileView
from customer_service.api.notes import NotesView

urlpatterns = [
    path("queries/<int:query_id>/take", TakeView.as_view(), name="api-query-take"),
    path("queries/<int:query_id>/refer", ReferView.as_view(), name="api-query-refer"),
    path("queries/<int:query_id>/resolve", ResolveView.as_view(), name="api-query-resolve"),
    path("queries/<int:query_id>/reopen", ReopenView.as_view(), name="api-query-reopen"),
    path("queries/<int:query_id>/snooze", SnoozeView.as_view(), name="api-query-snooze"),
    path("queries/<int:query_id>/wake", WakeView.as_view(), name="api-query-wake"),
    path("queries/<int:query_id>/describe", DescribeView.as_view(), name="api-query-describe"),
    path("queries/<int:query_id>/messages", ConversationView.as_view(), name="api-query-messages"),
    path("queries/<int:query_id>/files/<int:file_id>", FileView.as_view(), name="api-query-file"),
    path("queries/<int:query_id>/notes", NotesView.as_view(), name="api-query-notes"),
]

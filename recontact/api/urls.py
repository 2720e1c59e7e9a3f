"""Addresses of queries and messages in the API."""

from django.urls import path

from recontact.api.costs import CostsView
from recontact.api.messages import MessageDetailView, MessageListView
from recontact.api.older_hsm import OlderHsmView
from recontact.api.queries import QueryDetailView, QueryListView, RecontactView

urlpatterns = [
    path("queries", QueryListView.as_view(), name="api-queries"),
    path("queries/<int:query_id>", QueryDetailView.as_view(), name="api-query"),
    path("queries/<int:query_id>/recontact", RecontactView.as_view(), name="api-query-recontact"),
    path("messages", MessageListView.as_view(), name="api-messages"),
    path("messages/<int:message_id>", MessageDetailView.as_view(), name="api-message"),
    path("costs", CostsView.as_view(), name="api-costs"),
    path("hsm", OlderHsmView.as_view(), name="api-hsm"),
]

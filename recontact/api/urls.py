"""Addresses of queries and messages in the API."""

from django.urls import path

from recontact.api.budgets import BudgetDetailView, BudgetListView
from recontact.api.costs import CostsView
from recontact.api.estimates import EstimateView
from recontact.api.messages import MessageDetailView, MessageListView
from recontact.api.older_hsm import OlderHsmView
from recontact.api.queries import QueryDetailView, QueryListView, RecontactView
from recontact.api.rate_cards import RateCardDetailView, RateCardListView, RateCardPublishView

urlpatterns = [
    path("queries", QueryListView.as_view(), name="api-queries"),
    path("queries/<int:query_id>", QueryDetailView.as_view(), name="api-query"),
    path("queries/<int:query_id>/recontact", RecontactView.as_view(), name="api-query-recontact"),
    path("messages", MessageListView.as_view(), name="api-messages"),
    path("messages/<int:message_id>", MessageDetailView.as_view(), name="api-message"),
    path("estimates", EstimateView.as_view(), name="api-estimates"),
    path("rate-cards", RateCardListView.as_view(), name="api-rate-cards"),
    path("rate-cards/<int:card_id>", RateCardDetailView.as_view(), name="api-rate-card"),
    path("rate-cards/<int:card_id>/publish", RateCardPublishView.as_view(), name="api-rate-card-publish"),
    path("budgets", BudgetListView.as_view(), name="api-budgets"),
    path("budgets/<int:budget_id>", BudgetDetailView.as_view(), name="api-budget"),
    path("costs", CostsView.as_view(), name="api-costs"),
    path("hsm", OlderHsmView.as_view(), name="api-hsm"),
]

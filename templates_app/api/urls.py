"""Addresses of the templates' part of the API."""

from django.urls import path

from templates_app.api.views import TemplateDetailView, TemplateListView

urlpatterns = [
    path("templates", TemplateListView.as_view(), name="api-templates"),
    path("templates/<int:template_id>", TemplateDetailView.as_view(), name="api-template"),
]

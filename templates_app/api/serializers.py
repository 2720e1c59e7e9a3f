"""Templates as the API shows them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from templates_app.models import Template, TemplateStatus
from templates_app.rendering import preview
from templates_app.selectors import template_blockers, template_parsed


class AccountSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class BlockerSerializer(serializers.Serializer[Any]):
    """Why a template cannot be sent."""

    code = serializers.CharField()
    detail = serializers.CharField(source="sentence")


class VariableSerializer(serializers.Serializer[Any]):
    """One value that a send fills, under its `key` in `values`."""

    key = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    required = serializers.BooleanField()  # type: ignore[assignment]  # the name is the API's
    example = serializers.CharField()
    max_length = serializers.IntegerField(allow_null=True)


class TemplateSerializer(serializers.Serializer[Any]):
    """A template in a list. `sendable` is false while `blockers` names a reason."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    account = AccountSerializer()
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.ChoiceField(choices=Template.Category.choices)
    status = serializers.CharField()
    status_name = serializers.CharField(source="get_status_display")
    quality = serializers.CharField()
    namespace = serializers.CharField()
    sendable = serializers.SerializerMethodField()
    blockers = serializers.SerializerMethodField()

    def get_url(self, template: Template) -> str:
        return reverse("api-template", args=[template.pk])

    def get_sendable(self, template: Template) -> bool:
        return not template_blockers(template)

    def get_blockers(self, template: Template) -> list[dict[str, str]]:
        return [{"code": blocker.code, "detail": str(blocker.sentence)} for blocker in template_blockers(template)]


class TemplateDetailSerializer(TemplateSerializer):
    """A template with its variables, and the bubble filled with its examples."""

    variables = serializers.SerializerMethodField()
    components = serializers.JSONField(help_text="As the provider approved them.")
    preview = serializers.SerializerMethodField()
    synced_at = serializers.DateTimeField(allow_null=True)

    def get_variables(self, template: Template) -> list[dict[str, Any]]:
        return list(VariableSerializer(template_parsed(template).variables, many=True).data)

    def get_preview(self, template: Template) -> dict[str, Any]:
        return dict(preview(template_parsed(template)))


class TemplateFilterSerializer(serializers.Serializer[Any]):
    """The filters of the list; all may be combined."""

    account = serializers.IntegerField(required=False, min_value=1, help_text="Id of the provider account.")
    status = serializers.ChoiceField(required=False, choices=TemplateStatus.choices)
    language = serializers.CharField(required=False, max_length=15, help_text="For example es_AR.")
    category = serializers.ChoiceField(required=False, choices=Template.Category.choices)
    q = serializers.CharField(required=False, max_length=100, help_text="A part of the name.")

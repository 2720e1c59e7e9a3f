"""The bodies of the agents' part of the API. What the lists of coordinators allow, the forms of the screens check."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from customer_service.notes import NOTE_LIMIT
from recontact.api.inputs import MAX_ID
from recontact.outbox import TEXT_LIMIT


class NothingInput(serializers.Serializer[Any]):
    """No body is needed."""


class ReferInput(serializers.Serializer[Any]):
    """To whom the query goes: an agent (then it is his), a team (then it waits for one of its members), or both."""

    agent = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    team = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=150)


class ResolveInput(serializers.Serializer[Any]):
    """How it was resolved: one of the team's resolutions, or in words where coordinators keep none."""

    resolution = serializers.CharField(max_length=100)


class SnoozeInput(serializers.Serializer[Any]):
    """Until when; null or nothing = until the customer writes."""

    until = serializers.DateTimeField(required=False, allow_null=True, help_text="At most a year ahead.")


class DescribeInput(serializers.Serializer[Any]):
    """What the query is about, of the lists that coordinators keep; both are replaced."""

    topic = serializers.CharField(max_length=60, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=30), max_length=50)


class TextInput(serializers.Serializer[Any]):
    """Free text inside the open window."""

    text = serializers.CharField(max_length=TEXT_LIMIT)


class FileInput(serializers.Serializer[Any]):
    """A file inside the open window, with words under it."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="One file; it is refused by type and size with a code."
    )
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=TEXT_LIMIT)


class NoteInput(serializers.Serializer[Any]):
    """A note for agents; the customer never sees it."""

    text = serializers.CharField(max_length=NOTE_LIMIT)

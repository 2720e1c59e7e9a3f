"""What the sending endpoints give back: the message as queued, or the refusal with the body's own field names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recontact.api.selectors import message_sent, query_opened
from recontact.api.serializers import MessageDetailSerializer, QueryDetailSerializer, viewer_context
from recontact.refusals import Code, Refusal, SendRefused


def message_answer(message_id: int, user: Any) -> dict[str, Any]:
    """The message just queued, as its sender may see it."""
    return dict(MessageDetailSerializer(message_sent(message_id), context=viewer_context(user)).data)


def query_answer(query_id: int, user: Any) -> dict[str, Any]:
    """The query just opened, as whoever opened it may see it."""
    return dict(QueryDetailSerializer(query_opened(query_id), context=viewer_context(user)).data)


def refusal_for_body(refused: SendRefused, names: Mapping[str, str]) -> SendRefused:
    """The refusal with its fields as the body calls them.

    `names` goes by our field, or by the first word of a variable's key; a variable that is not there is `values.<key>`.
    """
    return SendRefused(*(_renamed(refusal, names) for refusal in refused.refusals))


def _renamed(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    own = refusal.field_name
    name = names.get(own) or names.get(own.split(".")[0])
    if name is None and own and refusal.code == Code.INVALID_VARIABLES:
        name = own if own.startswith("parameters.") else f"values.{own}"
    return replace(refusal, field_name=name) if name is not None else refusal

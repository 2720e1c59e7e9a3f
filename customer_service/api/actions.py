"""What is done with a query: taken, referred, resolved, reopened, put off, described; as agents do it on its ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customer_service.api.base import form_values, query_reached
from customer_service.api.inputs import DescribeInput, NothingInput, ReferInput, ResolveInput, SnoozeInput
from customer_service.canned import resolutions
from customer_service.forms import DescribeForm, ReferForm, ResolveForm, names_offered
from customer_service.models import Tag, Topic
from recontact.api.answers import query_answer
from recontact.api.idempotency import Answer, idempotent
from recontact.api.schema import KEY_OPTIONAL, SEND_PROBLEMS
from recontact.api.serializers import QueryDetailSerializer
from recontact.models import Query
from recontact.queries import (
    query_describe,
    query_refer,
    query_reopen,
    query_resolve,
    query_snooze,
    query_take,
    query_wake,
)
from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS


def _documented(
    name: str, body: type[serializers.Serializer[Any]] | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The OpenAPI words that all actions share."""
    return extend_schema(
        operation_id=f"queries_{name}",
        tags=["queries"],
        parameters=[KEY_OPTIONAL],
        request=body,
        responses={200: QueryDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )


class ActionView(ApiView):
    """One action on a query within reach; the answer is the query as it is then."""

    permissions_required = {"POST": "recontact.change_query"}
    body: ClassVar[type[serializers.Serializer[Any]]] = NothingInput

    def done(self, request: Request, query_id: int) -> Response:
        """Do it once per key."""
        return idempotent(request, lambda _send_key: self._answer(request, query_id), required=False)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        """Call the service. Raises QueryRefused, ApiProblem."""
        raise NotImplementedError

    def _answer(self, request: Request, query_id: int) -> Answer:
        query = query_reached(request, query_id)
        self.act(query, validated(self.body, request.data))
        return Answer(200, query_answer(query_id, request.user))


class TakeView(ActionView):
    """Taking an unassigned query."""

    @_documented("take")
    def post(self, request: Request, query_id: int) -> Response:
        """Make an unassigned query the key's user's. The second taker is told who has it (`query_taken`)."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        query_take(query_id=query.pk, user=self.request.user)


class ReferView(ActionView):
    """Handing a query to an agent or a team."""

    permissions_required = {"POST": "recontact.refer_query"}
    body = ReferInput

    @_documented("refer", ReferInput)
    def post(self, request: Request, query_id: int) -> Response:
        """Assign the query to an agent, or hand it to a team."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        query_refer(query_id=query.pk, user=self.request.user, **form_values(ReferForm(values)))


class ResolveView(ActionView):
    """Resolving a query."""

    body = ResolveInput

    @_documented("resolve", ResolveInput)
    def post(self, request: Request, query_id: int) -> Response:
        """Resolve the query, saying how. A problem with `resolution` names the choices."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        offered = resolutions(query)
        checked = form_values(ResolveForm(values, offered=offered), {"resolution": offered} if offered else None)
        query_resolve(query_id=query.pk, user=self.request.user, resolution=checked["resolution"])


class ReopenView(ActionView):
    """Opening a resolved query again."""

    @_documented("reopen")
    def post(self, request: Request, query_id: int) -> Response:
        """Open a resolved query again; its one recontact stays as it was."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        query_reopen(query_id=query.pk, user=self.request.user)


class SnoozeView(ActionView):
    """Putting a query off."""

    body = SnoozeInput

    @_documented("snooze", SnoozeInput)
    def post(self, request: Request, query_id: int) -> Response:
        """Put the query off until a moment, or until the customer writes."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        query_snooze(query_id=query.pk, user=self.request.user, until=values.get("until"))


class WakeView(ActionView):
    """Bringing a query back that was put off."""

    @_documented("wake")
    def post(self, request: Request, query_id: int) -> Response:
        """Bring a query back that was put off; one that was not stays as it is."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        query_wake(query_id=query.pk, user=self.request.user)


class DescribeView(ActionView):
    """Saying what a query is about."""

    body = DescribeInput

    @_documented("describe", DescribeInput)
    def post(self, request: Request, query_id: int) -> Response:
        """Replace topic and tags, of the coordinators' lists. A problem names the choices."""
        return self.done(request, query_id)

    def act(self, query: Query, values: dict[str, Any]) -> None:
        offered = {"topic": names_offered(Topic, [query.topic]), "tags": names_offered(Tag, query.tags)}
        checked = form_values(DescribeForm(values, query=query), offered)
        query_describe(query_id=query.pk, user=self.request.user, topic=checked["topic"], tags=checked["tags"])

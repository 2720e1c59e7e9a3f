"""What the views of the agents' part share: the query within reach, and the screens' forms as checks of a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404
from rest_framework.request import Request

from recontact.access import query_access
from recontact.models import Query
from templates_app.api.errors import ApiProblem


def query_reached(request: Request, query_id: int) -> Query:
    """The query, if the user may see it. Raises Http404 otherwise, whether it exists or not."""
    query = query_access(request.user, query_id)
    if query is None:
        raise Http404
    return query


def form_values(form: forms.Form, choices: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The values of a bound form of the screens. Raises ApiProblem with the first field at fault.

    `choices`: by field, what may be chosen there; the problem names it.
    """
    if form.is_valid():
        return form.cleaned_data
    field, errors = next(iter(form.errors.as_data().items()))
    name = "" if field == NON_FIELD_ERRORS else field
    params = {"choices": list(choices[name])} if choices and name in choices else {}
    raise ApiProblem(400, str(errors[0].code or "invalid"), str(form.errors[field][0]), field=name, params=params)

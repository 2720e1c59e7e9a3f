"""Storing many recipients at once by COPY: a third of the time of an INSERT with as many places. And taking back those of whom
the rest of the file told that they are somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from django.db import connection

from recontact.arrays import array_literal
from recontact.campaigns.known import DUPLICATE
from recontact.models import CampaignRecipient

_COLUMNS = (
    "campaign_id", "row_number", "outcome", "code", "params", "typed", "phone", "bsuid", "name", "customer_id", "query_id",
    "values",
    "market", "estimate", "currency", "time_zone", "not_before", "dropped",
)  # fmt: skip
_JSON = ("params", "values")
_COPY = "COPY recontact_campaignrecipient ({}) FROM STDIN".format(", ".join(f'"{column}"' for column in _COLUMNS))


def recipients_copy(recipients: Iterable[CampaignRecipient]) -> None:
    """Store these new recipients, none of which has a message, in the caller's transaction. They get no id here."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for recipient in recipients:
            copy.write_row([_value(recipient, column) for column in _COLUMNS])


_LEAVE_OUT = """
    UPDATE recontact_campaignrecipient r
    SET outcome = %s, code = %s, params = jsonb_build_object('row', v.first), "values" = '{}', market = '', estimate = NULL,
        currency = '', time_zone = ''
    FROM unnest(%s::int[], %s::int[]) AS v(row_number, first) WHERE r.campaign_id = %s AND r.row_number = v.row_number
"""


def recipients_leave_out(campaign_id: int, same: Mapping[int, int]) -> None:
    """Leave these rows of a plan out, each as a duplicate of the row named with it, in the caller's transaction."""
    if not same:
        return
    outcome = CampaignRecipient.Outcome.LEFT_OUT.value
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE_OUT, [outcome, DUPLICATE, array_literal(same), array_literal(same.values()), campaign_id])


def _value(recipient: CampaignRecipient, column: str) -> object:
    value: object = getattr(recipient, column)
    return json.dumps(value) if column in _JSON else value

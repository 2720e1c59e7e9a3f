"""What claims and records ask is planned once for each connection, without its values: those plans must hold for large tables."""

from __future__ import annotations

import re

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from providers.contracts import Accepted, Exchange
from providers.models import Portfolio
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.candidates import agents_wait
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import Lease, leases_take, numbers_due
from recontact.dispatch.record import Result, record
from recontact.models import Attempt, Message
from tests.factories import campaign_make, message_make, query_make, rate_card_make, sender_number_make, template_make
from tests.plans import plan_explain

#: Tables that grow with what is sent: those that have rows here, and those that are empty, where only an index may serve.
FILLED = "message|attempt|customer|query|recontact|portfolioslot"
EMPTY = "messageevent|optout|servicewindow"


def _lease(recipients: int = 3) -> Lease:
    """The lease of a number with a campaign, whose portfolio has a limit, and with a message of an agent's."""
    number = sender_number_make()
    number.portfolio = Portfolio.objects.create(name="p", messaging_limit=1000)
    number.save()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    campaign = campaign_make(sender_number=number, template=template, recipients=recipients)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    message_make(query=query_make(sender_number=number), template=template)
    [lease] = leases_take("test")
    return lease


def _record(claims: list[Claim]) -> None:
    record([Result(each, Accepted(f"id-{each.message_id}")) for each in claims])


@pytest.mark.django_db
def test_no_prepared_statement_of_a_claim_or_a_record_goes_through_a_large_table() -> None:
    lease = _lease()
    with CaptureQueriesContext(connection) as queries:
        claims = claim(lease, 10)
        _record(claims)
        agents_wait([lease.number_id])
        numbers_due()
    assert len(claims) == 4
    prepared = {each["sql"] for each in queries if "$1" in each["sql"]}
    assert len(prepared) >= 12
    for statement in prepared:
        plan = plan_explain(statement, large=True)
        assert not re.search(rf"Seq Scan on recontact_({FILLED})\b", plan), f"{statement}\n{plan}"
        plan = plan_explain(statement, without=("seqscan",))
        assert not re.search(rf"Seq Scan on recontact_({EMPTY})\b", plan), f"{statement}\n{plan}"


@pytest.mark.django_db
def test_a_claim_takes_its_messages_by_their_ids_and_not_through_the_queue() -> None:
    lease = _lease()
    with CaptureQueriesContext(connection) as queries:
        claim(lease, 10)
    [taking] = [each["sql"] for each in queries if "'sending'" in each["sql"] and "UPDATE" in each["sql"].split("(")[1]]
    assert "recontact_message_pkey" in plan_explain(taking, large=True)
    assert "message_claim" not in plan_explain(taking, without=("seqscan",), only=("message_claim",))


@pytest.mark.django_db
def test_the_statements_of_a_claim_and_a_record_are_as_many_for_a_large_batch() -> None:
    lease = _lease(recipients=30)
    counted = []
    for size in (3, 20):
        with CaptureQueriesContext(connection) as queries:
            claims = claim(lease, size)
            _record(claims)
        counted.append(len(queries))
        assert len(claims) == size
    assert counted[0] >= counted[1]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_replaced_prepares_what_it_is_asked_anew() -> None:
    lease = _lease()
    _record(claim(lease, 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (lost,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
    other.close()
    # As the pump does before each step.
    close_old_connections()

    _record(claim(lease, 10))
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}


@pytest.mark.django_db
def test_an_attempt_keeps_what_the_call_said_as_it_said_it() -> None:
    [claimed] = claim(_lease(), 1)
    said = {"body": {"to": "•••", "tiny": 1e-7, "words": 'comillas " y \\', "none": None, "list": [1, [True]]}}
    record([Result(claimed, Accepted("id", exchange=Exchange("POST", "https://x", said, 200, {"body": "ñ"}, 151, "")))])
    kept = Attempt.objects.get()
    assert (kept.request, kept.response, kept.http_status, kept.duration_ms) == (said, {"body": "ñ"}, 200, 151)
    assert (kept.outcome, kept.reason, kept.provider_code, kept.detail) == ("accepted", "", "", "")

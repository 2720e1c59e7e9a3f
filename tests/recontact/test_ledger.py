"""I1: once per query, whatever is tried: by the portal, by 50 at once, by hand in SQL."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, IntegrityError, connection, connections, transaction

from recontact import ledger
from recontact.books import differences
from recontact.ledger import CannotRelease, release_by_person
from recontact.models import Attempt, Message, Query, QueryEvent, Recontact
from recontact.outbox import hsm_send, query_recontact
from recontact.refusals import SendRefused
from recontact.states import NEVER_SENT
from tests.factories import (
    VALUES,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
    user_make,
)

AT_ONCE = 50


def _all_at_once(action: Callable[[int], object]) -> tuple[list[object], list[SendRefused]]:
    """Run `action` in 50 threads that start together; returns what came back and what was refused."""
    together = threading.Barrier(AT_ONCE)
    done: list[object] = []
    refused: list[SendRefused] = []

    def run(number: int) -> None:
        together.wait()
        try:
            done.append(action(number))
        except SendRefused as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(run, number) for number in range(AT_ONCE)]:
            future.result()
    return done, refused


@pytest.mark.django_db(transaction=True)
def test_fifty_recontacts_of_one_query_at_once_queue_one_message() -> None:
    query, user = query_make(), user_make()
    template = template_make(account=query.sender_number.account)
    done, refused = _all_at_once(
        lambda number: query_recontact(
            query_id=query.pk, template_id=template.pk, values=VALUES, user=user, send_key=f"key {number}"
        )
    )
    assert len(done) == 1
    assert [refusal.refusals[0].code for refusal in refused] == ["already_recontacted"] * (AT_ONCE - 1)
    assert Message.objects.count() == Recontact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_hsm_to_one_phone_at_once_open_one_query() -> None:
    number, user = sender_number_make(), user_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    done, refused = _all_at_once(
        lambda each: hsm_send(
            phone="+54 9 11 5555-0177",
            sender_number_id=number.pk,
            template_id=template.pk,
            values=VALUES,
            user=user,
            send_key=f"key {each}",
            origin=Message.Origin.SERVICE,
            open_query=True,
        )
    )
    assert len(done) == 1
    assert {refusal.refusals[0].code for refusal in refused} == {"open_query_exists"}
    assert (Message.objects.count(), Query.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_one_form_submitted_fifty_times_at_once_queues_one_message() -> None:
    number, user = sender_number_make(), user_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    done, refused = _all_at_once(
        lambda _each: hsm_send(
            phone="+54 9 11 5555-0178",
            sender_number_id=number.pk,
            template_id=template.pk,
            values=VALUES,
            user=user,
            send_key="one form",
            origin=Message.Origin.MANAGER,
            open_query=False,
        )
    )
    assert len(done) == 1
    assert {refusal.refusals[0].code for refusal in refused} == {"same_form"}
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_a_second_row_by_raw_orm_is_refused_by_the_constraint() -> None:
    first = message_make()
    assert first.query is not None
    second = Message.objects.create(
        account=first.account,
        sender_number=first.sender_number,
        customer=first.customer,
        query=first.query,
        origin=first.origin,
        kind=Message.Kind.TEXT,
        category=first.category,
        due_at=first.due_at,
        expires_at=first.expires_at,
    )
    with pytest.raises(IntegrityError, match="one_standing_recontact_per_query"):
        Recontact.objects.create(query=first.query, message=second)


HAND_WRITTEN_SQL = {
    "delete": "DELETE FROM recontact_recontact",
    "truncate": "TRUNCATE recontact_recontact",
    "truncate everything": "TRUNCATE recontact_message CASCADE",
    "another query": "UPDATE recontact_recontact SET query_id = query_id + 1",
    "another message": "UPDATE recontact_recontact SET message_id = message_id + 1",
    "another id": "UPDATE recontact_recontact SET id = id + 1000",
    "release while queued": "UPDATE recontact_recontact SET state = 'released'",
    "delete the message": "DELETE FROM recontact_message",
    "skip the message back": "UPDATE recontact_message SET state = 'queued' WHERE state <> 'queued'",
    "give the message to another query": "UPDATE recontact_message SET query_id = NULL",
    "give the message another reference": "UPDATE recontact_message SET reference = gen_random_uuid()",
    "send it through another number": "UPDATE recontact_message SET sender_number_id = sender_number_id + 1",
    "forget the attempts": "UPDATE recontact_message SET attempt_number = attempt_number + 2",
    "send it to another phone": "UPDATE recontact_message SET recipient_phone = '+5491150000000'",
    "send another text": "UPDATE recontact_message SET body = 'otra cosa', components = '[]'",
    "insert a second HSM beside the ledger": """
        INSERT INTO recontact_message (reference, account_id, sender_number_id, customer_id, query_id, origin, kind,
            template_name, template_language, template_hash, category, recipient_phone, recipient_bsuid, components,
            bubble, body, state, created_at, due_at, expires_at, attempt_number, failures, provider_message_id, held,
            reason, provider_code, provider_detail, currency)
        SELECT gen_random_uuid(), account_id, sender_number_id, customer_id, query_id, origin, kind,
            template_name, template_language, template_hash, category, recipient_phone, recipient_bsuid, components,
            bubble, body, state, created_at, due_at, expires_at, 0, 0, '', false, '', '', '', currency
        FROM recontact_message""",
    "born spent": """INSERT INTO recontact_recontact (query_id, message_id, state, reserved_at, release_reason)
                     SELECT query_id, id, 'spent', now(), '' FROM recontact_message""",
    "born released": """INSERT INTO recontact_recontact (query_id, message_id, state, reserved_at, release_reason)
                        SELECT query_id, id, 'released', now(), '' FROM recontact_message""",
}


@pytest.mark.django_db
def test_a_message_under_way_goes_back_to_the_queue_only_with_proof() -> None:
    message = message_make()
    rows = Message.objects.filter(pk=message.pk)
    rows.update(state=Message.State.SENDING, attempt_number=1)
    attempt = Attempt.objects.create(message=message, number=1, claimed_at=message.due_at)
    with pytest.raises(Error, match="nothing proves"), transaction.atomic():
        rows.update(state=Message.State.QUEUED)
    attempt.outcome = Attempt.Outcome.THROTTLED
    attempt.save()
    assert rows.update(state=Message.State.QUEUED) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("statement", HAND_WRITTEN_SQL)
def test_sql_by_hand_is_refused(statement: str) -> None:
    message_make()
    settled = message_make()
    Message.objects.filter(pk=settled.pk).update(state=Message.State.SKIPPED)
    before = list(Recontact.objects.values())
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HAND_WRITTEN_SQL[statement])
    assert list(Recontact.objects.values()) == before


@pytest.mark.django_db
def test_it_releases_the_right_of_a_message_that_was_certainly_never_sent() -> None:
    for state in sorted(NEVER_SENT - {"rejected"}):
        message = message_make()
        Message.objects.filter(pk=message.pk).update(state=state)
        ledger.settle([message.pk])
        message.recontact.refresh_from_db()
        assert message.recontact.state == Recontact.State.RELEASED


@pytest.mark.django_db
def test_a_released_query_may_be_recontacted_again() -> None:
    message = message_make()
    assert message.query is not None
    Message.objects.filter(pk=message.pk).update(state=Message.State.EXPIRED)
    ledger.settle([message.pk])
    again = message_make(query=message.query, template=message.template)
    assert again.pk != message.pk


@pytest.mark.django_db
def test_a_person_gives_back_a_used_recontact_only_when_it_failed_unbilled_and_with_a_reason() -> None:
    message, user = message_make(), user_make()
    Message.objects.filter(pk=message.pk).update(state=Message.State.DELIVERED, billed=True)
    ledger.settle([message.pk])
    with pytest.raises(CannotRelease):
        release_by_person(recontact_id=message.recontact.pk, user=user, reason="me equivoqué")
    failed = message_make()
    Message.objects.filter(pk=failed.pk).update(state=Message.State.FAILED, billed=False)
    ledger.settle([failed.pk])
    with pytest.raises(CannotRelease):
        release_by_person(recontact_id=failed.recontact.pk, user=user, reason="  ")
    recontact = release_by_person(recontact_id=failed.recontact.pk, user=user, reason="el teléfono no tenía WhatsApp")
    assert (recontact.state, recontact.released_by) == (Recontact.State.RELEASED, user)
    assert QueryEvent.objects.filter(query=failed.query, kind=QueryEvent.Kind.RELEASED, actor=user).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("origin", ["ticket", "bulk"])
def test_check_ledger_names_an_hsm_that_a_console_put_into_a_query_without_a_ledger_row(origin: str) -> None:
    elsewhere, query = message_make(), query_make()
    planted = Message.objects.get(pk=elsewhere.pk)
    planted.pk, planted.reference, planted.query, planted.origin = None, uuid.uuid4(), query, origin
    planted.save(force_insert=True)
    assert planted.pk in {found.row_id for found in differences() if "opening or its recontact" in found.check}


@pytest.mark.django_db
def test_check_ledger_passes_on_sound_books_and_fails_on_a_planted_difference() -> None:
    message = message_make()
    call_command("check_ledger", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE recontact_recontact SET state = 'spent' WHERE message_id = %s", [message.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    [difference] = differences()
    assert difference.check == "a recontact stands as its message does"
    with pytest.raises(CommandError):
        call_command("check_ledger", verbosity=0)

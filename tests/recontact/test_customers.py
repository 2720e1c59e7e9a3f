"""Customers: one person, one row; a merge gives nobody a second right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from recontact.customers import (
    customer_change_phone,
    customer_identify,
    customer_merge,
    fold,
    opt_out_add,
    opt_out_revoke,
    opt_out_standing,
)
from recontact.hashes import keyed_hash
from recontact.models import Customer, Message, OptOut, Query, Recontact, ServiceWindow
from recontact.outbox import query_recontact
from recontact.refusals import SendRefused
from recontact.windows import window_expires_at, window_extend
from tests.factories import VALUES, customer_make, message_make, query_make, sender_number_make

pytestmark = pytest.mark.django_db
PHONE, BSUID = "+5491155550142", "AR.27183920456611029384"


def test_it_finds_the_same_customer_by_phone_or_by_user_id() -> None:
    first = customer_identify(phone=PHONE, bsuid=BSUID, name="Carla")
    assert customer_identify(phone=PHONE) == customer_identify(bsuid=BSUID) == first


def test_it_knows_an_argentine_with_and_without_the_nine_as_one_person() -> None:
    assert customer_identify(phone="+5491155550142") == customer_identify(phone="+541155550142")


def test_it_completes_a_known_customer_and_keeps_the_name_people_gave() -> None:
    customer_identify(phone=PHONE, name="Carla Benítez")
    customer = customer_identify(phone=PHONE, bsuid=BSUID, name="carlita")
    assert (customer.name, customer.bsuid, customer.country) == ("Carla Benítez", BSUID, "AR")


def test_it_merges_when_a_phone_and_a_user_id_turn_out_to_be_one_person() -> None:
    by_phone, by_bsuid = customer_identify(phone=PHONE), customer_identify(bsuid=BSUID)
    opt_out_add(customer=by_bsuid, scope="all", source="BAJA")
    query = query_make(customer=by_bsuid)
    merged = customer_identify(phone=PHONE, bsuid=BSUID)
    by_bsuid.refresh_from_db()
    query.refresh_from_db()
    assert merged == by_phone
    assert by_bsuid.merged_into == query.customer == by_phone
    assert opt_out_standing(by_phone.pk, category="utility") is not None


def test_a_merge_keeps_the_recontacted_query_open_and_the_person_is_not_recontacted_again() -> None:
    keep, gone = customer_make(), customer_make()
    older = query_make(customer=keep)
    newer = query_make(customer=gone, sender_number=older.sender_number)
    message = message_make(query=newer)
    customer_merge(keep=keep, gone=gone)
    older.refresh_from_db()
    assert (older.state, older.resolution) == (Query.State.RESOLVED, "merged")
    assert Query.objects.get(customer=keep, state=Query.State.PENDING) == newer
    with pytest.raises(SendRefused):
        query_recontact(
            query_id=newer.pk, template_id=message.template_id or 0, values=VALUES, user=None, send_key=None
        )
    assert Recontact.objects.count() == Message.objects.count() == 1


def test_a_merge_keeps_the_longer_window() -> None:
    number = sender_number_make()
    keep, gone = customer_make(), customer_make()
    now = timezone.now()
    window_extend(customer_id=keep.pk, sender_number_id=number.pk, inbound_at=now - timedelta(hours=5))
    window_extend(customer_id=gone.pk, sender_number_id=number.pk, inbound_at=now)
    customer_merge(keep=keep, gone=gone)
    assert window_expires_at(customer_id=keep.pk, sender_number_id=number.pk) == now + timedelta(hours=24)
    assert ServiceWindow.objects.count() == 1


def test_an_older_message_never_shortens_the_window() -> None:
    customer, number, now = customer_make(), sender_number_make(), timezone.now()
    window_extend(customer_id=customer.pk, sender_number_id=number.pk, inbound_at=now)
    window_extend(customer_id=customer.pk, sender_number_id=number.pk, inbound_at=now - timedelta(hours=1))
    assert window_expires_at(customer_id=customer.pk, sender_number_id=number.pk) == now + timedelta(hours=24)


def test_a_changed_number_takes_the_customer_along() -> None:
    customer = customer_identify(phone=PHONE, bsuid=BSUID)
    customer_change_phone(old_phone=PHONE, new_phone="+5491155550143", new_bsuid="AR.999")
    customer.refresh_from_db()
    assert (customer.phone, customer.bsuid) == ("+5491155550143", "AR.999")
    assert "5491155550143" in customer.search


def test_saying_stop_twice_changes_nothing_and_coming_back_needs_a_source() -> None:
    customer = customer_make()
    opt_out_add(customer=customer, scope="marketing", source="BAJA")
    opt_out_add(customer=customer, scope="marketing", source="BAJA")
    assert OptOut.objects.count() == 1
    with pytest.raises(ValueError, match="source"):
        opt_out_revoke(customer=customer, scope="marketing", source="")
    assert opt_out_revoke(customer=customer, scope="marketing", source="formulario web")
    assert opt_out_standing(customer.pk, category="marketing") is None


def test_somebody_erased_who_had_opted_out_is_still_opted_out_when_the_phone_comes_back() -> None:
    erased = customer_identify(phone=PHONE)
    opt_out_add(customer=erased, scope="all", source="BAJA")
    Customer.objects.filter(pk=erased.pk).update(phone=None, phone_hash=keyed_hash(PHONE), erased_at=timezone.now())
    back = customer_identify(phone=PHONE)
    assert back.pk != erased.pk
    assert opt_out_standing(back.pk, category="utility") is not None


def test_it_folds_names_for_search() -> None:
    assert fold("  Benítez Núñez ") == "benitez nunez"


def test_an_opt_out_of_somebody_merged_meanwhile_holds_for_who_took_him_in() -> None:
    keep, gone = customer_make(), customer_make()
    customer_merge(keep=keep, gone=gone)
    opt_out_add(customer=gone, scope=OptOut.Scope.ALL, source="por teléfono")
    assert opt_out_standing(keep.pk, category="utility") is not None
    assert opt_out_revoke(customer=gone, scope=OptOut.Scope.ALL, source="por correo")
    assert opt_out_standing(keep.pk, category="utility") is None

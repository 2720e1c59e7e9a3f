"""What a person may do is what Django says, read anew for each request and in one statement."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hsm_portal.models import User
from tests.factories import user_make

pytestmark = pytest.mark.django_db

OWN, OF_ROLE, NOT_HIS = "recontact.view_query", "recontact.send_text", "recontact.refer_query"


@pytest.fixture
def user() -> User:
    user = user_make(permissions=[OWN])
    role = Group.objects.create(name="Who writes")
    role.permissions.add(Permission.objects.get(content_type__app_label="recontact", codename="send_text"))
    user.groups.add(role)
    return anew(user)


def anew(user: User) -> User:
    """The user as the next request reads him."""
    return User.objects.get(pk=user.pk)


def test_a_person_may_do_what_is_his_own_and_what_his_roles_allow_and_no_more(user: User) -> None:
    assert user.has_perm(OWN)
    assert user.has_perm(OF_ROLE)
    assert not user.has_perm(NOT_HIS)
    assert user.get_all_permissions() == {OWN, OF_ROLE}


def test_one_statement_answers_all_questions_of_a_request_also_those_that_are_denied(user: User) -> None:
    with CaptureQueriesContext(connection) as captured:
        for permission in (OWN, OF_ROLE, NOT_HIS):
            user.has_perm(permission)

    assert len(captured) == 1


def test_what_is_taken_away_is_gone_with_the_next_request(user: User) -> None:
    before = user.has_perm(OWN), user.has_perm(OF_ROLE)
    user.user_permissions.clear()
    user.groups.clear()

    assert before == (True, True)
    assert not anew(user).has_perm(OWN)
    assert not anew(user).has_perm(OF_ROLE)


def test_whoever_is_switched_off_may_do_nothing(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert not anew(user).has_perm(OWN)
    assert anew(user).get_all_permissions() == set()


def test_an_administrator_may_do_everything() -> None:
    assert user_make(is_superuser=True).has_perm(NOT_HIS)

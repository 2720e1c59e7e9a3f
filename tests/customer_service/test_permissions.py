"""Each page of Customer Service by each role: one table."""

from __future__ import annotations

import pytest
from django.test import Client

from hsm_portal.models import User
from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.models import Query
from tests.customer_service.agents import browser
from tests.factories import query_make, user_make

pytestmark = pytest.mark.django_db

READS = [
    "",
    "live/",
    "filters/",
    "desk/",
    "board/",
    "follow-up/",
    "reports/",
    "reports/file/csv/",
    "hsm/",
    "emoji/",
    "queries/{query}/",
    "queries/{query}/live/",
    "queries/{query}/canned/",
]
WRITES = [
    "hsm/",
    "hsm/panel/",
    "queries/{query}/recontact/",
    "queries/{query}/recontact/panel/",
    "queries/{query}/text/",
    "queries/{query}/take/",
    "queries/{query}/resolve/",
    "queries/{query}/reopen/",
    "queries/{query}/refer/",
    "queries/{query}/note/",
    "queries/{query}/snooze/",
    "queries/{query}/wake/",
    "queries/{query}/describe/",
    "desk/extend/",
]
#: What names a query is closed to an agent who does not reach that one.
OF_A_QUERY = [path for path in (*READS, *WRITES) if "{query}" in path]
EVERYTHING = {*READS, *WRITES}
#: What a role may not do; anything else it may.
FORBIDDEN: dict[Role, set[str]] = {
    Role.AGENT: {"queries/{query}/refer/", "board/", "follow-up/"},
    Role.COORDINATOR: set(),
    Role.MANAGER: set(),
    Role.ADMIN: set(),
    Role.OPS: EVERYTHING,
}


def person(role: Role) -> User:
    return user_create(username="persona", password="clave-segura-1", roles=[role])


def address(path: str, query: Query) -> str:
    return "/service/" + path.format(query=query.pk)


@pytest.mark.parametrize("role", FORBIDDEN)
@pytest.mark.parametrize("path", READS)
def test_it_shows_each_role_its_pages(role: Role, path: str) -> None:
    status = browser(person(role)).get(address(path, query_make())).status_code

    assert status == (403 if path in FORBIDDEN[role] else 200)


@pytest.mark.parametrize("role", FORBIDDEN)
@pytest.mark.parametrize("path", WRITES)
def test_it_lets_each_role_do_what_is_its_own(role: Role, path: str) -> None:
    status = browser(person(role)).post(address(path, query_make())).status_code

    assert (status == 403) == (path in FORBIDDEN[role])
    assert status < 500


@pytest.mark.parametrize("path", OF_A_QUERY)
def test_it_hides_from_an_agent_what_is_not_his_to_see(path: str) -> None:
    client, query = browser(person(Role.AGENT)), query_make(assigned_to=user_make(), state=Query.State.IN_PROGRESS)
    where = address(path, query)
    status = (client.get(where) if path in READS else client.post(where)).status_code

    assert status == (403 if path in FORBIDDEN[Role.AGENT] else 404)


@pytest.mark.parametrize("path", sorted(EVERYTHING))
def test_it_sends_a_stranger_to_the_login(path: str) -> None:
    client = Client()
    where = address(path, query_make())
    response = client.get(where) if path in READS else client.post(where)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("path", [path for path in WRITES if path != "hsm/"])
def test_it_changes_nothing_by_following_a_link(path: str) -> None:
    assert browser(person(Role.ADMIN)).get(address(path, query_make())).status_code == 405


@pytest.mark.parametrize("path", WRITES)
def test_it_takes_no_form_of_another_site(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(Role.ADMIN), "django.contrib.auth.backends.ModelBackend")

    assert client.post(address(path, query_make())).status_code == 403

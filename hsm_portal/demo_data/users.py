"""The people of Clínica Sur: one per role, three agents, three teams. One password for all, said by `make demo`."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from hsm_portal.models import User
from hsm_portal.roles import Role
from hsm_portal.users import user_roles_set
from recontact.models import Team

PASSWORD = "clinica-sur-demo"  # noqa: S105 - the demo's, printed at its start


@dataclass(frozen=True, slots=True)
class Person:
    """One login."""

    username: str
    first_name: str
    last_name: str
    role: Role
    teams: tuple[str, ...] = ()


APPOINTMENTS_TEAM, RESULTS_TEAM, SHOP_TEAM = "Turnos", "Estudios y resultados", "Óptica"
TEAMS = (APPOINTMENTS_TEAM, RESULTS_TEAM, SHOP_TEAM)

PEOPLE = (
    Person("admin", "Sofía", "Aguirre", Role.ADMIN),
    Person("manager", "Martín", "Ledesma", Role.MANAGER),
    Person("coordinadora", "Graciela", "Sosa", Role.COORDINATOR, TEAMS),
    Person("ana", "Ana", "Ríos", Role.AGENT, (APPOINTMENTS_TEAM, RESULTS_TEAM)),
    Person("bruno", "Bruno", "Paz", Role.AGENT, (RESULTS_TEAM, APPOINTMENTS_TEAM)),
    Person("camila", "Camila", "Núñez", Role.AGENT, (SHOP_TEAM,)),
    Person("ops", "Pablo", "Ferreyra", Role.OPS),
)


def users_make() -> dict[str, User]:
    """The users with their roles, and the teams with their members; users by username."""
    # One hash for all: each one costs a third of a second, on purpose.
    hashed = make_password(PASSWORD)
    teams = {name: Team.objects.create(name=name) for name in TEAMS}
    users = {}
    for person in PEOPLE:
        user = User.objects.create(
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            email=f"{person.username}@clinicasur.example",
            password=hashed,
        )
        user_roles_set(user=user, roles=[person.role])
        for name in person.teams:
            teams[name].members.add(user)
        users[person.username] = user
    return users


def logins_text() -> str:
    """The logins as `make demo` prints them."""
    lines = [
        f"    {person.username:<14}{person.role.value:<13}{person.first_name} {person.last_name}" for person in PEOPLE
    ]
    return "\n".join([f"  Logins (password of all: {PASSWORD})", *lines])

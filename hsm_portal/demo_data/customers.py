"""Two hundred customers in six countries. The last two digits of a phone choose what the simulator does with a message."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hsm_portal.demo_data.accounts import PORTFOLIO_ID
from hsm_portal.demo_data.moments import own_times
from providers.contracts import JsonObject
from providers.simulator.identity import user_id_for
from recontact.customers import customer_index
from recontact.models import Customer, OptOut

#: Country: how many, what a mobile phone begins with, and how many digits follow before the last two.
COUNTRIES: dict[str, tuple[int, str, int]] = {
    "AR": (90, "+549115", 5),
    "UY": (30, "+59899", 4),
    "CL": (25, "+5698", 5),
    "MX": (25, "+52554", 5),
    "BR": (15, "+551198", 5),
    "PE": (15, "+5198", 5),
}
COUNT = sum(count for count, _start, _digits in COUNTRIES.values())

#: Endings with a fate of their own (providers/simulator/outcomes.py) and how many have them; none of these parks anything.
SPECIAL = {"00": 6, "01": 2, "02": 4, "03": 3, "10": 1, "12": 3, "13": 2, "25": 1, "26": 1, "33": 3, "41": 2, "42": 1}
BSUID_ONLY_EVERY = 20
OPTED_OUT = {OptOut.Scope.MARKETING: 8, OptOut.Scope.ALL: 4}

FIRST_NAMES = [
    "Carla",
    "Diego",
    "Lucía",
    "Martín",
    "Sofía",
    "Joaquín",
    "Valentina",
    "Mateo",
    "Camila",
    "Tomás",
    "Renata",
    "Iván",
    "Florencia",
    "Nicolás",
    "Julieta",
    "Ramiro",
    "Paula",
    "Facundo",
    "Milagros",
    "Agustín",
    "Elena",
    "Hernán",
    "Rocío",
    "Gustavo",
    "Noelia",
    "Ezequiel",
    "Mónica",
    "Ricardo",
    "Silvana",
    "Matías",
]
LAST_NAMES = [
    "Benítez",
    "Fernández",
    "Gómez",
    "Pereira",
    "Rojas",
    "Quispe",
    "Ibáñez",
    "Muñoz",
    "Castro",
    "Núñez",
    "Vidal",
    "Sánchez",
    "Romero",
    "Acosta",
    "Medina",
    "Herrera",
    "Suárez",
    "Molina",
    "Ortiz",
    "Peralta",
    "Godoy",
    "Ferrari",
    "Cabrera",
    "Luna",
    "Ponce",
    "Bustos",
]
BRAZILIAN_FIRST = [
    "Rafael",
    "Beatriz",
    "Gustavo",
    "Larissa",
    "Thiago",
    "Fernanda",
    "João",
    "Mariana",
    "Felipe",
    "Letícia",
    "Bruna",
    "Caio",
    "Isabela",
    "Pedro",
    "Aline",
]
BRAZILIAN_LAST = ["Silva", "Souza", "Oliveira", "Carvalho", "Ribeiro", "Gonçalves", "Barbosa", "Araújo"]
TAGS = ("obra social", "particular", "frecuente", "primera vez", "diabetes", "lentes progresivos")


@dataclass(slots=True)
class Person:
    """A customer before there is a row: the outcome's digits, and a phone or (without one) a business-scoped id."""

    country: str
    name: str
    phone: str = ""
    bsuid: str = ""
    tags: list[str] = field(default_factory=list)

    @property
    def wa_id(self) -> str:
        return self.phone.removeprefix("+")


def people(chance: random.Random) -> list[Person]:
    """All customers, the countries mixed."""
    countries = [country for country, (count, _start, _digits) in COUNTRIES.items() for _ in range(count)]
    chance.shuffle(countries)
    endings = _endings(chance)
    names = _names(chance, countries)
    taken: set[str] = set()
    found = []
    for position, (country, name, ending) in enumerate(zip(countries, names, endings, strict=True)):
        phone = _phone(chance, country, ending, taken)
        person = Person(country, name, phone, tags=chance.sample(TAGS, chance.choice([0, 0, 1, 2])))
        if position % BSUID_ONLY_EVERY == BSUID_ONLY_EVERY - 1:
            person.phone, person.bsuid = "", f"{country}.{chance.randrange(10**17, 10**18)}{ending}"
        elif chance.random() < 0.5:
            # WhatsApp has told the portal this person's id, with a message before.
            person.bsuid = user_id_for(PORTFOLIO_ID, person.wa_id)
        found.append(person)
    return found


def _endings(chance: random.Random) -> list[str]:
    special = [digits for digits, count in SPECIAL.items() for _ in range(count)]
    endings = special + [f"{chance.randrange(50, 100)}" for _ in range(COUNT - len(special))]
    chance.shuffle(endings)
    return endings


def _names(chance: random.Random, countries: list[str]) -> Iterator[str]:
    used: set[str] = set()
    for country in countries:
        firsts, lasts = (BRAZILIAN_FIRST, BRAZILIAN_LAST) if country == "BR" else (FIRST_NAMES, LAST_NAMES)
        name = f"{chance.choice(firsts)} {chance.choice(lasts)}"
        while name in used:
            name = f"{chance.choice(firsts)} {chance.choice(lasts)}"
        used.add(name)
        yield name


def _phone(chance: random.Random, country: str, ending: str, taken: set[str]) -> str:
    _count, start, digits = COUNTRIES[country]
    while True:
        phone = f"{start}{chance.randrange(10 ** (digits - 1), 10**digits)}{ending}"
        if phone not in taken:
            taken.add(phone)
            return phone


def customers_make(*, chance: random.Random, now: datetime) -> list[Customer]:
    """The rows, in the order of `people`, known for up to a year; some opted out."""
    rows = []
    for person in people(chance):
        since = now - timedelta(days=chance.uniform(61, 365))
        customer = Customer(
            phone=person.phone or None,
            bsuid=person.bsuid or None,
            wa_id=person.wa_id,
            name=person.name,
            country=person.country,
            tags=person.tags,
            created_at=since,
            opted_in_at=since,
            opt_in_source=chance.choice(["Formulario web", "Recepción", "Primer mensaje"]),
        )
        customer_index(customer)
        rows.append(customer)
    with own_times(Customer):
        return Customer.objects.bulk_create(rows)


def opt_outs_make(*, customers: list[Customer], chance: random.Random, now: datetime) -> None:
    """Some of these customers asked not to get marketing, or nothing at all."""
    scopes = [scope for scope, count in OPTED_OUT.items() for _ in range(count)]
    with own_times(OptOut):
        OptOut.objects.bulk_create(
            OptOut(
                customer=customer,
                scope=scope,
                source=chance.choice(["Respondió BAJA", "Preferencia de WhatsApp", "Lo pidió por teléfono"]),
                created_at=now - timedelta(days=chance.uniform(16, 58)),
            )
            for customer, scope in zip(chance.sample(customers, len(scopes)), scopes, strict=True)
        )


def customers_known() -> list[Customer]:
    """All customers whom the simulator can know: by a phone or by a business-scoped id."""
    return list(Customer.objects.exclude(wa_id="", bsuid=None).order_by("pk"))


def customers_seed(rows: list[Customer]) -> list[JsonObject]:
    """The same people for the simulator's seed, under the same names and ids."""
    return [
        {"portfolio_id": PORTFOLIO_ID, "wa_id": row.wa_id or None, "name": row.name}
        | ({"user_id": row.bsuid} if row.bsuid else {})
        for row in rows
    ]

"""The file of a run's campaign: recipients whose last two digits choose their fate at the simulator. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

#: The last two digits of a phone (providers/simulator/outcomes.py) -> weight. Left out: fates that park the account or its
#: template for a person, and waits that never end.
FATES: dict[str, int] = {
    "55": 300,  # sent, delivered
    "13": 300,  # sent, never delivered
    "14": 100,  # accepted, then silence
    "00": 60,  # read
    "01": 10,  # read without delivered
    "02": 15,  # accepted, then failed for good
    "29": 10,  # the same
    "42": 10,  # failed, and delivered after all
    "15": 10,  # accepted, then failed: tried again
    "32": 5,  # the same
    "33": 40,  # refused
    "38": 20,  # refused
    "10": 10,  # held, then released
    "11": 20,  # the webhooks name no phone
    "24": 10,  # accepted, answered with HTTP 500
    "25": 10,  # accepted, closed without an answer
    "26": 10,  # accepted, a slow answer
    "27": 10,  # accepted, half an answer
    "28": 10,  # accepted, an answer that is no JSON
    "40": 5,  # not accepted, HTTP 502
    "41": 3,  # accepted, no answer and no webhook ever
    "07": 2,  # accepted, the answer never comes
}
NAMES = ("Carla", "Martín", "Sofía", "Joaquín", "Valentina", "Mateo", "Lucía", "Iván")
HEADER = "phone;nombre;turno"
#: Of a hundred rows: the same phone again, and no phone at all.
REPEATED, BROKEN = 0.01, 0.005


@dataclass(frozen=True, slots=True)
class Audience:
    """A file's bytes; the phones that must get a message, each once; how many rows the plan must leave out or refuse."""

    body: bytes
    phones: frozenset[str]
    left_out: int
    errors: int


def audience_of(seed: int, recipients: int) -> Audience:
    """That many people, with some rows too many: the same for the same seed and number."""
    chance = random.Random(f"audience {seed}")
    digits = chance.choices(list(FATES), weights=list(FATES.values()), k=recipients)
    phones = [f"+549115{number:05d}{end}" for number, end in enumerate(digits)]
    rows = [_row(phone, chance) for phone in phones]
    left_out, errors = int(recipients * REPEATED), int(recipients * BROKEN)
    rows += [_row(phone, chance) for phone in chance.sample(phones, left_out)]
    rows += [_row(f"12{number}", chance) for number in range(errors)]
    body = "\r\n".join([HEADER, *rows]).encode()
    return Audience(body, frozenset(phones), left_out, errors)


def _row(phone: str, chance: random.Random) -> str:
    shown = phone if len(phone) < 10 else f"{phone[:3]} 9 {phone[4:6]} {phone[6:10]}-{phone[10:]}"
    return f"{shown};{chance.choice(NAMES)};viernes {chance.randint(1, 30)}, {chance.randint(9, 18)}:30 h"

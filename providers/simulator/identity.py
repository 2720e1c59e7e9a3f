"""Ids in Meta's shape: message ids, business-scoped user ids, and phone numbers as WhatsApp writes them."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import secrets

# Calling code to country, for business-scoped ids and prices. The longest prefix wins.
COUNTRIES: dict[str, str] = {
    "1": "US", "1809": "DO", "1829": "DO", "1849": "DO", "1787": "PR", "1939": "PR", "1658": "JM", "1876": "JM",
    "7": "RU", "20": "EG", "27": "ZA", "31": "NL", "33": "FR", "34": "ES", "36": "HU", "39": "IT", "40": "RO",
    "44": "GB", "48": "PL", "49": "DE", "51": "PE", "52": "MX", "54": "AR", "55": "BR", "56": "CL", "57": "CO",
    "58": "VE", "60": "MY", "62": "ID", "65": "SG", "90": "TR", "91": "IN", "92": "PK", "234": "NG", "502": "GT",
    "503": "SV", "504": "HN", "505": "NI", "506": "CR", "507": "PA", "509": "HT", "591": "BO", "593": "EC",
    "595": "PY", "598": "UY", "852": "HK", "966": "SA", "971": "AE", "972": "IL", "974": "QA",
}  # fmt: skip
LONGEST_CALLING_CODE = 4
PUNCTUATION = re.compile(r"[\s()\-]")
USER_ID = re.compile(r"^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$")


def calling_code(digits: str) -> str:
    """The calling code that the digits start with, or an empty string."""
    for length in range(LONGEST_CALLING_CODE, 0, -1):
        if digits[:length] in COUNTRIES:
            return digits[:length]
    return ""


def country_of(recipient: str) -> str:
    """ISO country of a ``wa_id`` or business-scoped user id; ``ZZ`` when unknown."""
    if "." in recipient:
        return recipient[:2]
    return COUNTRIES.get(calling_code(recipient), "ZZ")


def wa_id_from_input(to: str, sender_digits: str) -> str | None:
    """The ``wa_id`` that WhatsApp makes of what the client wrote in ``to``; None when it is no phone number.

    A short number without ``+`` gets the sender's calling code, and an Argentine mobile its 9: both as Meta does.
    """
    bare = PUNCTUATION.sub("", to)
    digits = bare.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if not bare.startswith("+") and len(digits) <= 10:
        digits = calling_code(sender_digits) + digits
    if not 7 <= len(digits) <= 15:
        return None
    if digits.startswith("54") and digits[2] != "9" and len(digits) == 12:
        digits = "549" + digits[2:]
    return digits


def user_id_for(portfolio_id: str, wa_id: str) -> str:
    """The business-scoped id of a phone: stable per portfolio, ending like the phone so that outcomes agree."""
    number = int.from_bytes(hashlib.sha256(f"{portfolio_id}:{wa_id}".encode()).digest()[:8]) % 10**18
    return f"{country_of(wa_id)}.{number:018d}{wa_id[-2:]}"


def new_message_id(recipient: str, *, inbound: bool = False) -> str:
    """A new ``wamid``, with the layout seen in the wild (the phone is readable inside)."""
    phone = recipient.encode()[-40:]
    # No secret: quicker than to ask the kernel each time.
    unique = f"{'3A' if inbound else ''}{random.getrandbits(72):018X}".encode()
    direction = 0x12 if inbound else 0x11
    packed = (
        bytes((0x1C, 0x18, len(phone)))
        + phone
        + bytes((0x15, 0x02, 0x00, direction, 0x18, len(unique)))
        + unique
        + b"\0"
    )
    return "wamid." + base64.b64encode(packed).decode()


def new_object_id() -> str:
    """A new Graph object id (16 digits)."""
    return str(10**15 + secrets.randbelow(9 * 10**15))

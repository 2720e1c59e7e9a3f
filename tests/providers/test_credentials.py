"""Credentials at rest: unreadable without the key, readable after a rotation, never shown."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from providers.contracts import CredentialField
from providers.credentials import (
    CredentialsError,
    credential_masked,
    credentials_decrypt,
    credentials_encrypt,
    credentials_masked,
    credentials_missing,
    credentials_rotate,
)

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
VALUES = {"access_token": "EAAtoken-ñ", "graph_version": "v25.0"}
FIELDS = (
    CredentialField("access_token", "Access token"),
    CredentialField("graph_version", "Graph version", secret=False, required=False),
)


def test_what_is_encrypted_comes_back() -> None:
    assert credentials_decrypt(credentials_encrypt(VALUES)) == VALUES


def test_a_token_does_not_show_its_values() -> None:
    assert b"EAAtoken" not in credentials_encrypt(VALUES)


def test_no_credentials_are_an_empty_dictionary() -> None:
    assert credentials_decrypt(b"") == {}


def test_the_first_key_encrypts_and_all_keys_decrypt(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    token = credentials_encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    assert credentials_decrypt(token) == VALUES
    fresh = credentials_encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW]
    assert credentials_decrypt(fresh) == VALUES


def test_after_a_rotation_the_old_key_can_go(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    token = credentials_encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    rotated = credentials_rotate(token)
    settings.CREDENTIALS_KEYS = [NEW]
    assert credentials_decrypt(rotated) == VALUES
    assert credentials_rotate(b"") == b""


def test_without_the_right_key_the_error_says_what_to_do_and_no_value(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    token = credentials_encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW]
    with pytest.raises(CredentialsError, match="none of the keys in CREDENTIALS_KEYS"):
        credentials_decrypt(token)
    with pytest.raises(CredentialsError, match="Put the old key after the new one"):
        credentials_rotate(token)


@pytest.mark.parametrize("keys", [[], [""]])
def test_a_missing_key_is_named(settings: Settings, keys: list[str]) -> None:
    settings.CREDENTIALS_KEYS = keys
    with pytest.raises(CredentialsError, match="CREDENTIALS_KEYS is empty"):
        credentials_encrypt(VALUES)


def test_a_malformed_key_is_named_by_its_place_and_not_repeated(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [NEW, "not-a-key"]
    with pytest.raises(CredentialsError, match="Key number 2") as caught:
        credentials_encrypt(VALUES)
    assert "not-a-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"), [("EAAtoken-123456", "••••3456"), ("short", "••••"), ("", ""), ("12345678901", "••••")]
)
def test_a_secret_is_shown_by_its_tail_at_most(value: str, shown: str) -> None:
    assert credential_masked(value) == shown


def test_only_secrets_are_masked_and_undeclared_values_left_out() -> None:
    values = {"access_token": "EAAtoken-123456", "graph_version": "v25.0", "old_field": "x"}
    assert credentials_masked(FIELDS, values) == {"access_token": "••••3456", "graph_version": "v25.0"}


def test_missing_values_are_told_by_field() -> None:
    assert credentials_missing(FIELDS, {"access_token": " "}) == [FIELDS[0]]
    assert credentials_missing(FIELDS, {"access_token": "x"}) == []

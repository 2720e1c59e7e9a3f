"""Notices by mail to whoever has a permission, to each person in his language."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.utils import translation

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def notice_mail(permission: str, words: Callable[[], tuple[str, str]]) -> None:
    """Mail subject and text, which `words` says in the active language. Raises OSError when the mail server is away."""
    people = get_user_model().objects.with_perm(permission, backend=_BACKEND).exclude(email="")
    by_language: dict[str, list[str]] = {}
    for person in people.order_by("pk"):
        by_language.setdefault(person.language or settings.LANGUAGE_CODE, []).append(person.email)
    for language, addresses in by_language.items():
        with translation.override(language):
            subject, text = words()
        EmailMessage(subject, text, bcc=addresses).send()

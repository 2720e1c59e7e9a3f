"""The languages that WhatsApp takes for templates, with their names in the reader's language. Source: Meta's list of 2026."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

LANGUAGES = (
    "af", "ar", "ar_AE", "ar_EG", "ar_LB", "ar_MA", "ar_QA", "ar_SA", "az", "bg", "bn", "ca", "cs", "da", "de", "el",
    "en", "en_AU", "en_CA", "en_GB", "en_IN", "en_US", "es", "es_AR", "es_CL", "es_CO", "es_ES", "es_MX", "es_PE",
    "es_VE", "et", "fa", "fi", "fil", "fr", "fr_BE", "fr_CA", "ga", "gu", "ha", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ka", "kk", "kn", "ko", "ky_KG", "lo", "lt", "lv", "mk", "ml", "mr", "ms", "nb", "nl", "pa", "pl", "pt_BR", "pt_PT",
    "ro", "ru", "rw_RW", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh_CN",
    "zh_HK", "zh_TW", "zu",
)  # fmt: skip
# Names that Django's own translations lack.
NAMES: dict[str, StrOrPromise] = {
    "fil": _("Filipino"),
    "gu": _("Gujarati"),
    "ha": _("Hausa"),
    "lo": _("Lao"),
    "rw": _("Kinyarwanda"),
    "zh": _("Chinese"),
    "zu": _("Zulu"),
}


def language_label(code: str) -> str:
    """ "Spanish (es_AR)": the language's name as the reader says it, and WhatsApp's code."""
    base = code.partition("_")[0]
    known = NAMES.get(base) or LANG_INFO.get(base, {}).get("name")
    return f"{gettext(str(known)).capitalize()} ({code})" if known else code


def language_choices(first: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Code and label of every language: those in `first` on top, the others by name."""
    top = list(dict.fromkeys(first))
    rest = sorted((code for code in LANGUAGES if code not in top), key=lambda code: language_label(code).casefold())
    return [(code, language_label(code)) for code in [*top, *rest]]

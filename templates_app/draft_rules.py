"""WhatsApp's rules for a template, checked before anybody is asked: every problem with its field, a code and a sentence. Pure.

Fields: name, language, category, header_kind, header_text, header_media, body, footer, buttons, `sample-body-1`,
`button-0-text`, `button-0-url`, `button-0-phone`, `button-0-sample`.
Source: Meta's pages on template management and components, 2026-09; the limits stand beside their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from providers.contracts import ALL_PARTS
from templates_app.definitions import BODY_LIMIT, CODE_LIMIT, HEADER_LIMIT, MEDIA_KINDS, PLACE, URL_LIMIT
from templates_app.drafts import (
    AUTHENTICATION_ELSEWHERE,
    COPY_CODE,
    DRAFT_BUTTONS,
    DRAFT_HEADERS,
    NAMED,
    PHONE,
    QUICK_REPLY,
    URL,
    Draft,
    DraftButton,
    is_position,
)
from templates_app.languages import LANGUAGES
from templates_app.sentences import sentence
from templates_app.values import FORBIDDEN, UNSTORABLE

NAME = re.compile(r"[a-z0-9_]{1,512}")
NAME_LIMIT = 512
FOOTER_LIMIT = 60
BUTTON_LIMIT = 10
BUTTON_TEXT_LIMIT = 25
URL_BUTTON_LIMIT = 2
PHONE_LENGTH = 20
PHONE_SHAPE = re.compile(r"\+?[0-9]{5,19}")
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
# Meta says only "too many variables for the length". What is reported to pass: two words for each, and one more.
WORDS_PER_VARIABLE = 2
CATEGORIES = ("marketing", "utility", "authentication")
#: A sample uploaded at the provider before.
MEDIA_HANDLE = re.compile(r"[0-9]+:[\w:=+/-]{4,1990}")
#: Parts of a template (contracts.ALL_PARTS) that kinds of header and button need a provider for.
HEADER_PARTS = {**{kind: f"header_{kind}" for kind in MEDIA_KINDS}, "location": "header_location"}
LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class DraftProblem:
    """One thing wrong with a draft: the field, a stable code, a sentence. `missing` = nothing was typed there yet."""

    field: str
    code: str
    sentence: StrOrPromise
    missing: bool = False


Problems = Iterator[DraftProblem]


def draft_problems(
    draft: Draft,
    *,
    carried: frozenset[str] = ALL_PARTS,
    approved: bool = False,
    taken: bool = False,
    existing: bool = False,
) -> list[DraftProblem]:
    """Everything wrong with `draft`, in the order of the form.

    `carried`: the parts that the account's provider can send. `approved`: WhatsApp approved it already and a person writes it
    down, so only what the portal itself needs is asked. `taken`: name and language are another template's. `existing`:
    it has its name and language already, and they stay.
    """
    checks: list[Callable[[], Problems]] = [
        lambda: _identity(draft, approved=approved, taken=taken) if not existing else iter(()),
        lambda: _category(draft, approved=approved),
        lambda: _header(draft, approved=approved),
        lambda: _body(draft, approved=approved),
        lambda: _variables(draft),
        lambda: _footer(draft),
        lambda: _buttons(draft, approved=approved),
        lambda: _carried(draft, carried),
    ]
    if not approved:
        checks.insert(5, lambda: _samples(draft))
    return [problem for check in checks for problem in check()]


def sample_field(key: str) -> str:
    """The form's field for the sample of the variable `key`."""
    return f"sample-{key.replace('.', '-')}"


def _missing(field: str, text: StrOrPromise) -> DraftProblem:
    return DraftProblem(field, "missing", text, missing=True)


def _too_long(field: str, text: str, limit: int) -> Problems:
    if len(text) > limit:
        words = sentence(_("%(length)s characters; WhatsApp allows %(limit)s."), length=len(text), limit=limit)
        yield DraftProblem(field, "too_long", words)


# --- name, language, category ------------------------------------------------------------------------------------------


def _identity(draft: Draft, *, approved: bool, taken: bool) -> Problems:
    if not draft.name:
        yield _missing("name", _("Give the template a name."))
    elif len(draft.name) > NAME_LIMIT:
        yield from _too_long("name", draft.name, NAME_LIMIT)
    elif LINE_BREAK.search(draft.name) or not (approved or NAME.fullmatch(draft.name)):
        yield DraftProblem("name", "bad_name", _("Only small letters a to z without accents, digits and underscores."))
    elif taken:
        yield DraftProblem("name", "name_taken", _("The account has a template with this name in this language."))
    if draft.language not in LANGUAGES:
        yield _missing("language", _("Choose a language."))


def _category(draft: Draft, *, approved: bool) -> Problems:
    if draft.category not in CATEGORIES:
        yield _missing("category", _("Choose a category."))
    elif draft.category == "authentication" and not approved:
        yield DraftProblem("category", "authentication", AUTHENTICATION_ELSEWHERE)


# --- header, body, footer ----------------------------------------------------------------------------------------------


def _header(draft: Draft, *, approved: bool) -> Problems:
    if draft.header_kind not in DRAFT_HEADERS:
        yield DraftProblem("header_kind", "bad_header", _("Choose what stands above the text."))
    if draft.header_kind == "text":
        text = draft.header_text
        if not text.strip():
            yield _missing("header_text", _("Write the header, or choose that there is none."))
        if LINE_BREAK.search(text):
            yield DraftProblem("header_text", "line_break", _("A header is one line."))
        yield from _too_long("header_text", text, HEADER_LIMIT)
        yield from _places(text, "header_text")
        if len(PLACE.findall(text)) > 1:
            yield DraftProblem("header_text", "too_many_variables", _("A header takes one variable at most."))
    if draft.header_kind in MEDIA_KINDS and not approved:
        yield from _media(draft)


def _media(draft: Draft) -> Problems:
    if not draft.header_media:
        text = _("Give the address of a sample: WhatsApp looks at it during the review.")
        yield _missing("header_media", text)
    elif not (MEDIA_HANDLE.fullmatch(draft.header_media) or _is_address(draft.header_media, ("https",))):
        yield DraftProblem("header_media", "bad_url", _("It must be a public address that begins with https://."))
    else:
        yield from _too_long("header_media", draft.header_media, URL_LIMIT)


def _body(draft: Draft, *, approved: bool) -> Problems:
    text = draft.body
    if not text.strip():
        yield _missing("body", _("Write the text of the message."))
        return
    if UNSTORABLE.search(text):
        yield DraftProblem("body", "bad_character", _("There is a character in it that cannot be stored."))
    yield from _too_long("body", text, BODY_LIMIT)
    yield from _places(text, "body")
    if approved:
        return
    stripped = text.strip()
    places = list(PLACE.finditer(stripped))
    if places and (places[0].start() == 0 or places[-1].end() == len(stripped)):
        text_edge = _("WhatsApp refuses a text that begins or ends with a variable: put words around it.")
        yield DraftProblem("body", "variable_at_edge", text_edge)
    if any(not stripped[left.end() : right.start()].strip() for left, right in pairwise(places)):
        adjacent = _("Two variables stand side by side: WhatsApp wants words or punctuation between them.")
        yield DraftProblem("body", "variables_adjacent", adjacent)
    words = len(re.findall(r"\w+", PLACE.sub(" ", stripped)))
    needed = WORDS_PER_VARIABLE * len(places) + 1
    if places and words < needed:
        few = _("Too few words for its variables: %(words)s, and it takes %(needed)s.")
        yield DraftProblem("body", "too_few_words", sentence(few, words=words, needed=needed))


def _footer(draft: Draft) -> Problems:
    if LINE_BREAK.search(draft.footer):
        yield DraftProblem("footer", "line_break", _("A footer is one line."))
    if "{{" in draft.footer:
        yield DraftProblem("footer", "variable_not_allowed", _("A footer takes no variables."))
    yield from _too_long("footer", draft.footer, FOOTER_LIMIT)


# --- variables ---------------------------------------------------------------------------------------------------------


def _places(text: str, field: str) -> Problems:
    """Braces that make no variable."""
    rest = PLACE.sub("", text)
    if "{{" in rest or "}}" in rest:
        words = _("A variable is a number or a name between double braces, such as {{1}} or {{name}}.")
        yield DraftProblem(field, "bad_variable", words)


def _variables(draft: Draft) -> Problems:
    """Numbered 1, 2, 3 without a gap, or all with names."""
    named = draft.parameter_format == NAMED
    for field, names in (("header_text", draft.header_names), ("body", draft.body_names)):
        numbers = [name for name in names if is_position(name)]
        if named and numbers:
            both = _("Give every variable a name, or every one a number: not both in one template.")
            yield DraftProblem(field, "mixed_variables", both)
        elif named and (bad := [name for name in names if not VARIABLE_NAME.fullmatch(name)]):
            no_name = _("“%(name)s” is no name for a variable: small letters, digits and underscores.")
            yield DraftProblem(field, "bad_variable_name", sentence(no_name, name=bad[0]))
        elif not named and list(names) != [str(number) for number in range(1, len(names) + 1)]:
            wanted = " ".join("{{" + str(number) + "}}" for number in range(1, len(names) + 1))
            gap = _("The variables must be numbered without a gap: %(wanted)s.")
            yield DraftProblem(field, "variables_not_in_order", sentence(gap, wanted=wanted))


HEADER_SAMPLE = _("Give a sample for %(place)s in the header.")
BODY_SAMPLE = _("Give a sample for %(place)s.")


def _samples(draft: Draft) -> Problems:
    for key in draft.sample_keys:
        sample = draft.samples.get(key, "")
        place = "{{" + key.partition(".")[2] + "}}"
        if not sample.strip():
            words = HEADER_SAMPLE if key.startswith("header.") else BODY_SAMPLE
            yield _missing(sample_field(key), sentence(words, place=place))
        elif FORBIDDEN.search(sample):
            text = _("A sample has no line break, no tab and no more than four spaces in a row.")
            yield DraftProblem(sample_field(key), "bad_sample", text)
        elif PLACE.search(sample):
            text = _("A sample is a real value, such as a person's name: without braces.")
            yield DraftProblem(sample_field(key), "bad_sample", text)


# --- buttons -----------------------------------------------------------------------------------------------------------


def _buttons(draft: Draft, *, approved: bool) -> Problems:
    kinds = [button.kind for button in draft.buttons]
    if len(kinds) > BUTTON_LIMIT:
        text = sentence(_("%(count)s buttons; WhatsApp allows %(limit)s."), count=len(kinds), limit=BUTTON_LIMIT)
        yield DraftProblem("buttons", "too_many_buttons", text)
    for kind, limit, words in (
        (URL, URL_BUTTON_LIMIT, _("Two buttons with an address at most.")),
        (PHONE, 1, _("One button with a phone number at most.")),
        (COPY_CODE, 1, _("One button that copies a code at most.")),
    ):
        if kinds.count(kind) > limit:
            yield DraftProblem("buttons", f"too_many_{kind}", words)
    quick = [index for index, kind in enumerate(kinds) if kind == QUICK_REPLY]
    if quick and quick != list(range(quick[0], quick[-1] + 1)):
        yield DraftProblem(
            "buttons", "quick_replies_apart", _("Quick replies must stand together, one after the other.")
        )
    texts = [button.text for button in draft.buttons if button.kind == QUICK_REPLY and button.text]
    if len(set(texts)) < len(texts):
        same = _("Two quick replies say the same: nobody could tell the answers apart.")
        yield DraftProblem("buttons", "same_quick_replies", same)
    for index, button in enumerate(draft.buttons):
        yield from _button(f"button-{index}", button, approved=approved)


def _button(prefix: str, button: DraftButton, *, approved: bool) -> Problems:
    if button.kind not in DRAFT_BUTTONS:
        yield DraftProblem("buttons", "bad_button", _("The portal cannot make this kind of button."))
        return
    if button.kind == COPY_CODE:
        yield from _code(f"{prefix}-sample", button.sample, approved=approved)
        return
    yield from _button_text(f"{prefix}-text", button.text)
    if button.kind == PHONE:
        if not button.phone:
            yield _missing(f"{prefix}-phone", _("Write the phone number that the button calls."))
        elif len(button.phone) > PHONE_LENGTH or not PHONE_SHAPE.fullmatch(button.phone):
            text = _("It must be a phone number with its country code, such as +541155550000.")
            yield DraftProblem(f"{prefix}-phone", "bad_phone", text)
    if button.kind == URL:
        yield from _button_url(prefix, button, approved=approved)


def _button_text(field: str, text: str) -> Problems:
    if not text.strip():
        yield _missing(field, _("Write what stands on the button."))
    if "{{" in text or LINE_BREAK.search(text):
        yield DraftProblem(field, "bad_button_text", _("The text of a button is one line without variables."))
    yield from _too_long(field, text, BUTTON_TEXT_LIMIT)


def _button_url(prefix: str, button: DraftButton, *, approved: bool) -> Problems:
    field = f"{prefix}-url"
    if not button.url:
        yield _missing(field, _("Write the address that the button opens."))
        return
    yield from _too_long(field, button.url, URL_LIMIT)
    places = PLACE.findall(button.url)
    if "{{" in PLACE.sub("", button.url) or (places and (places != ["1"] or not button.url.endswith("}}"))):
        text = _("An address takes one variable, {{1}}, and only at its end.")
        yield DraftProblem(field, "bad_url_variable", text)
    elif not _is_address(button.base_url, ("https", "http")):
        text = _("It must be an address such as https://www.example.com/pay.")
        yield DraftProblem(field, "bad_url", text)
    elif places and not button.sample and not approved:
        yield _missing(f"{prefix}-sample", _("Give a sample of the end of the address."))
    elif places and (PLACE.search(button.sample) or re.search(r"\s", button.sample)):
        text = _("The sample is what a real address ends with: without spaces or braces.")
        yield DraftProblem(f"{prefix}-sample", "bad_sample", text)


def _code(field: str, code: str, *, approved: bool) -> Problems:
    if not code and not approved:
        yield _missing(field, _("Give a sample of the code that is copied."))
    if re.search(r"\s", code):
        yield DraftProblem(field, "bad_code", _("A code has no spaces."))
    yield from _too_long(field, code, CODE_LIMIT)


def _is_address(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and "." in (parts.hostname or "") and not re.search(r"\s", address)
    except ValueError:
        return False


# --- what the provider carries -----------------------------------------------------------------------------------------


def _carried(draft: Draft, carried: frozenset[str]) -> Problems:
    """Parts that could be approved but not be sent with this provider."""
    needed = [("header_kind", HEADER_PARTS.get(draft.header_kind, ""))]
    needed += [("header_text", "header_text")] if draft.header_names else []
    needed += [("body", "body")] if draft.body_names else []
    for button in draft.buttons:
        part = "button_copy_code" if button.kind == COPY_CODE else "button_url" if button.has_variable else ""
        needed.append(("buttons", part))
    for field, part in needed:
        if part and part not in carried:
            text = _("The provider of this account cannot send this part: leave it out.")
            yield DraftProblem(field, "not_carried", text)

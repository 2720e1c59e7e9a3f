"""A file as the timeline shows it: a picture, sound, film, something to keep, or why there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from customer_service.models import InboundFile
from recontact.media.response import is_shown, name_offered
from recontact.models import MediaFile

PICTURE, STICKER, SOUND, FILM, KEEP, NOTHING = "picture", "sticker", "sound", "film", "keep", "nothing"
_SHOWN = {"image": PICTURE, "audio": SOUND, "video": FILM}


@dataclass(frozen=True, slots=True)
class FileShown:
    """`how` is one of the words above. With NOTHING, `words` say why; `again` is where it can be asked for once more."""

    how: str
    url: str = ""
    name: str = ""
    size: str = ""
    words: str = ""
    again: str = ""
    waiting: bool = False


def inbound_file_shown(file: InboundFile, *, query_id: int) -> FileShown:
    """A customer's file, with its `file` loaded."""
    if file.state == InboundFile.State.STORED and file.file is not None:
        return file_shown(file.file, query_id=query_id)
    again = ""
    if file.state == InboundFile.State.FAILED and file.pointer:
        again = reverse("customer_service:file_again", args=[query_id, file.pk])
    waiting = file.state == InboundFile.State.WAITING
    return FileShown(NOTHING, words=_why(file), again=again, waiting=waiting)


def file_shown(file: MediaFile | None, *, query_id: int) -> FileShown:
    """A file that we keep, or kept."""
    if file is None or not file.is_kept:
        return FileShown(NOTHING, words=_("The file was deleted."))
    family = file.content_type.partition("/")[0]
    how = _SHOWN.get(family, KEEP) if is_shown(file) else KEEP
    return FileShown(
        STICKER if how == PICTURE and file.kind == "sticker" else how,
        url=reverse("customer_service:file", args=[query_id, file.pk]),
        name=name_offered(file),
        size=filesizeformat(file.size),
    )


def _why(file: InboundFile) -> str:
    states = InboundFile.State
    if file.state == states.WAITING and file.tries:
        return _("The file is being fetched from the provider; the last try failed and it is tried again.")
    sentences: dict[str, str] = {
        states.WAITING: _("The file is being fetched from the provider."),
        states.TOO_LARGE: _("The file is larger than %(limit)s MB and was not fetched.")
        % {"limit": file.detail or "?"},
        states.GONE: _("The provider no longer has the file."),
        states.NOT_PASSED_ON: _("The provider does not pass this file on."),
        states.FAILED: _("The file could not be fetched from the provider."),
        states.ERASED: _("The file was deleted."),
    }
    return sentences.get(file.state, _("The file was deleted."))

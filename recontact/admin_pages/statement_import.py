"""Bringing an invoice: the file, what its columns and words mean, a look at what it says, and storing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from providers.rates.contents import Problem
from providers.rates.files import UnreadableFile
from providers.rates.markets import MARKET_NAMES
from recontact.admin_pages.job import job_progress
from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.models import ReconciliationJob, Statement, StatementUpload
from recontact.places import place_name
from recontact.reconciliation.forms import ImportForm
from recontact.reconciliation.jobs import UnderWay, store_ask, upload_job
from recontact.reconciliation.mapping import CATEGORY_WORDS, FIELDS, Columns, plain_word
from recontact.reconciliation.reading import Reading
from recontact.reconciliation.storing import StatementRefused, overlapping, twice
from recontact.reconciliation.uploads import (
    asked_read,
    upload_keep,
    upload_map,
    upload_read,
    upload_statement,
)
from recontact.reconciliation.words import category_words, market_words

ADD_PERMISSION = "recontact.add_statement"
#: Rows and problems that are shown; the rest is counted.
_SHOWN = 15


class StatementImportPage(ManagerPage):
    """The form; an unreadable file comes back with the reason and nothing kept."""

    permission_required = ADD_PERMISSION

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ImportForm(initial=request.GET.dict()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid() or request.user.pk is None:
            return self._show(form, status=400)
        file = form.cleaned_data["file"]
        try:
            upload = upload_keep(
                account=form.cleaned_data["account"],
                name=file.name,
                body=file.read(),
                asked=form.asked(),
                user_id=request.user.pk,
            )
        except UnreadableFile as error:
            return self._show(form, problems=[Problem(0, "", str(error))], status=400)
        return redirect("admin:recontact_statement_upload", upload.pk)

    def _show(self, form: ImportForm, *, problems: Any = (), status: int = 200) -> HttpResponse:
        context = {"title": _("Import an invoice"), "form": form, "problems": problems}
        return self.page("statement_import.html", context, status=status)


class StatementUploadPage(ManagerPage):
    """What the file says by its mapping; the mapping can be changed, and the statement stored or thrown away."""

    permission_required = ADD_PERMISSION

    def get(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        job = _job(request, upload_id)
        if is_fragment(request):
            return job_progress(self, job)
        if job is not None and job.statement_id is not None:
            return _stored(request, job)
        upload = _upload(request, upload_id)
        if job is not None and job.is_open:
            return self._wait(upload, job)
        return self._show(upload, job=job)

    def post(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        upload, job = _upload(request, upload_id), _job(request, upload_id)
        if job is not None and job.is_open:
            return redirect("admin:recontact_statement_upload", upload.pk)
        match request.POST.get("do"):
            case "discard":
                upload.delete()
                return redirect("admin:recontact_statement_changelist")
            case "store":
                return self._store(request, upload)
            case _:
                upload_map(upload, _mapping(request, upload))
                return redirect("admin:recontact_statement_upload", upload.pk)

    def _store(self, request: HttpRequest, upload: StatementUpload) -> HttpResponse:
        try:
            store_ask(upload=upload, user_id=request.user.pk or 0)
        except StatementRefused as refused:
            return self._show(upload, problems=refused.problems, status=400)
        except UnderWay:
            messages.info(request, _("It is being stored already."))
        return redirect("admin:recontact_statement_upload", upload.pk)

    def _wait(self, upload: StatementUpload, job: ReconciliationJob) -> HttpResponse:
        context = {"title": _("Import an invoice"), "upload": upload, "asked": asked_read(upload.asked), "job": job}
        return self.page("statement_storing.html", context)

    def _show(
        self, upload: StatementUpload, *, problems: Any = None, job: ReconciliationJob | None = None, status: int = 200
    ) -> HttpResponse:
        table, reading = upload_read(upload)
        new = upload_statement(upload, reading.columns, None)
        same = twice(new)
        found = problems if problems is not None else [*([same] if same else []), *reading.problems]
        header = [name for name in table.rows[0][1] if name]
        context = {
            "title": _("Import an invoice"),
            "upload": upload,
            "job": job,
            "asked": asked_read(upload.asked),
            "kind": Statement.Kind(new.kind).label,
            "is_credit_note": new.kind == Statement.Kind.CREDIT,
            "new": new,
            "overlapping": overlapping(new),
            "reading": reading,
            "lines": [
                (line, market_words(line.market), category_words(line.category)) for line in reading.lines[:_SHOWN]
            ],
            "more": max(0, len(reading.lines) - _SHOWN),
            "problems": found,
            "fields": [(name, title, reading.columns.columns.get(name, "")) for name, title in FIELDS.items()],
            "header": list(dict.fromkeys(header)),
            "unknown": _unknown(reading),
        }
        return self.page("statement_upload.html", context, status=status)


def _upload(request: HttpRequest, upload_id: int) -> StatementUpload:
    """One's own upload: the file of somebody else may be half mapped."""
    return get_object_or_404(StatementUpload.objects.select_related("account"), pk=upload_id, created_by=request.user)


def _job(request: HttpRequest, upload_id: int) -> ReconciliationJob | None:
    if upload_id >= 2**63:
        raise Http404
    return upload_job(upload_id, user_id=request.user.pk or 0)


def _stored(request: HttpRequest, job: ReconciliationJob) -> HttpResponse:
    messages.success(request, _("It is stored, and compared with our messages."))
    if job.statement is not None and job.statement.is_late:
        messages.warning(request, _("Its month is closed, so it is booked as late in the next open one."))
    return redirect("admin:recontact_statement_change", job.statement_id)


def _mapping(request: HttpRequest, upload: StatementUpload) -> Columns:
    """As posted: `column-<field>`, `credits`, and `word-category-<word>`, `word-market-<word>`."""
    columns = {name: request.POST.get(f"column-{name}", "") for name in FIELDS}
    known = {"category": CATEGORY_WORDS.keys(), "market": MARKET_NAMES.keys()}
    words: dict[str, dict[str, str]] = {"category": {}, "market": {}}
    for name, value in request.POST.items():
        kind, _dash, word = name.removeprefix("word-").partition("-")
        if name.startswith("word-") and kind in words and value in known[kind]:
            words[kind][plain_word(word)] = str(value)
    chosen = {name: column for name, column in columns.items() if column}
    return Columns(chosen, words, credits="credits" in request.POST)


def _unknown(reading: Reading) -> list[tuple[str, str, list[tuple[str, Any]]]]:
    """The words that somebody must give a meaning: (kind, word, what it may mean)."""
    categories = list(CATEGORY_WORDS.items())
    markets = sorted(((code, place_name(code)) for code in MARKET_NAMES), key=lambda choice: choice[1].casefold())
    return [
        *(("category", word, categories) for word in reading.unknown["category"]),
        *(("market", word, markets) for word in reading.unknown["market"]),
    ]

"""What the provider of an account can do with templates, and its adapter ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.abilities import SubmitsTemplates
from providers.accounts import account_credentials
from providers.contracts import ALL_PARTS, Capabilities, DeleteScope, Provider
from providers.credentials import CredentialsError
from providers.errors import ProviderCallError, Reason
from providers.models import ProviderAccount
from providers.registry import AdapterClass, BadAdapter, UnknownProvider, adapter_class, adapter_for


@dataclass(frozen=True, slots=True)
class Abilities:
    """What screens offer for an account. `listed`: the provider has a list, so a sync tells what there is.

    `edit_needs`: labels of the account's credentials that are missing for changing templates.
    """

    listed: bool = False
    submit: bool = False
    edit: bool = False
    edit_needs: tuple[str, ...] = ()
    delete: bool = False
    delete_scope: DeleteScope = DeleteScope.ONE
    parts: frozenset[str] = ALL_PARTS


def account_abilities(account: ProviderAccount) -> Abilities:
    """Read from the adapter's class, and which optional credentials there are. A provider that is gone can do nothing.

    For an account that is switched off nothing is asked of its provider.
    """
    try:
        adapter = adapter_class(account.provider)
    except (UnknownProvider, BadAdapter):
        return Abilities()
    can: Capabilities = adapter.capabilities
    asks = can.submit_templates or can.edit_templates or can.delete_templates
    able = (
        account.is_active
        and asks
        and all(hasattr(adapter, name) for name in ("submit_template", "edit_template", "delete_template"))
    )
    needs = _missing(account, adapter) if able and can.edit_templates else ()
    return Abilities(
        listed=can.list_templates,
        submit=able and can.submit_templates,
        edit=able and can.edit_templates and not needs,
        edit_needs=needs,
        delete=able and can.delete_templates,
        delete_scope=can.delete_scope,
        parts=can.parts,
    )


def edit_needs_sentence(abilities: Abilities) -> str:
    """What the account lacks for changing templates from here; "" = nothing."""
    if not abilities.edit_needs:
        return ""
    fields = ", ".join(_(label) for label in abilities.edit_needs)
    text = _("To change templates from here, the account needs this from the provider: %(fields)s.")
    return text % {"fields": fields}


def _missing(account: ProviderAccount, adapter: AdapterClass) -> tuple[str, ...]:
    names = adapter.capabilities.edit_needs
    stored = account_credentials(account) if names else {}
    return tuple(
        field.label for field in adapter.credential_fields if field.name in names and not stored.get(field.name)
    )


def adapter_open(account: ProviderAccount) -> Provider:
    """The account's adapter. Raises ProviderCallError when there is none, or its credentials cannot be read."""
    try:
        return adapter_for(account.config())
    except CredentialsError as error:
        raise ProviderCallError(Reason.CREDENTIALS, detail=str(error)) from error
    except (UnknownProvider, BadAdapter) as error:
        raise ProviderCallError(Reason.UNSUPPORTED, detail=str(error)) from error


def submitter_open(account: ProviderAccount) -> SubmitsTemplates:
    """The account's adapter as one that takes templates. Raises ProviderCallError, also when it takes none."""
    adapter = adapter_open(account)
    if not isinstance(adapter, SubmitsTemplates):
        raise ProviderCallError(Reason.UNSUPPORTED, detail=f"{adapter.label} takes no templates.")
    return adapter

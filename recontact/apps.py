from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecontactConfig(AppConfig):
    name = "recontact"
    verbose_name = _("Recontact")

    def ready(self) -> None:
        from providers.accounts import keeps_encrypted
        from recontact import (
            arrays,  # noqa: F401  # registers the lookup `among`
            audit,  # noqa: F401  # registers what is audited
            delivery_erasure,  # noqa: F401  # registers the erasure of raw webhooks
            receivers,  # noqa: F401  # registers the handlers of the providers' events
            template_uses,  # noqa: F401  # registers what needs a template
        )
        from recontact.media import checks  # noqa: F401  # registers the check of the storage
        from recontact.models import Subscription

        keeps_encrypted(Subscription, "secret")

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomerServiceConfig(AppConfig):
    name = "customer_service"
    verbose_name = _("Customer Service")

    def ready(self) -> None:
        from customer_service import (
            erasure,  # noqa: F401  # registers what a customer's erasure empties here
            outgoing,  # noqa: F401  # registers how subscriptions read what customers wrote
            receivers,  # noqa: F401  # registers the handlers of the providers' events
            routing,  # noqa: F401  # registers where a query goes that a system opened
        )

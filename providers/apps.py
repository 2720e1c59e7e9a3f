from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from providers.rates.rule_seeds import rules_seed_after_migrate

        post_migrate.connect(rules_seed_after_migrate, sender=self, dispatch_uid="providers.rules_seed")
        from providers import (
            audit,  # noqa: F401  # registers what is audited
            checks,  # noqa: F401  # registers the system checks
            receivers,  # noqa: F401  # registers the handlers of the providers' events
        )

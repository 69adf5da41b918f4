from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "exchange"

    def ready(self) -> None:
        from b24app.oauth.purge import on_purge
        from exchange.removal import forget_portal
        from exchange.settling import hear
        from exchange.tasks import wake_settling

        on_purge(forget_portal)
        hear.listen(wake_settling)

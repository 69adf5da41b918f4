from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "exchange"

    def ready(self) -> None:
        from b24app.oauth.purge import on_purge
        from exchange.removal import forget_portal

        on_purge(forget_portal)

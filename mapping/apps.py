from django.apps import AppConfig


class MappingConfig(AppConfig):
    name = "mapping"

    def ready(self) -> None:
        from b24app.oauth.purge import on_purge
        from mapping import edit, links

        on_purge(links.forget_portal)
        on_purge(edit.forget_portal)

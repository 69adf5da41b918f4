"""The protocol over HTTP, as 1C speaks it."""

from __future__ import annotations

from exchange.models import ImportRun
from tests.exchange.onec import OneC

CATALOG = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"></КоммерческаяИнформация>'.encode()


class TestCatalog:
    def test_goes_from_checkauth_to_a_read_file(self, onec: OneC, started: list[ImportRun]) -> None:
        answer = onec.sign_in()
        assert answer[0:2] == ["success", "PHPSESSID"]
        assert answer[4].startswith("timestamp=")
        assert onec.ask("catalog", "init") == ["zip=yes", "file_limit=8388608"]
        assert onec.send("import0_1.xml", CATALOG[:50]) == ["success", ""]
        assert onec.send("import0_1.xml", CATALOG[50:]) == ["success", ""]
        assert onec.take("import0_1.xml")[0] == "progress"
        (run,) = started
        assert open(run.path, "rb").read() == CATALOG
        run.state = ImportRun.State.READ
        run.save()
        assert onec.take("import0_1.xml") == ["success", "Импорт успешно завершен."]
        assert len(started) == 1

"""Pictures stay findable by the path that a file gives them, until long after their upload is gone."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.utils import timezone

from exchange import pictures, storage
from exchange.models import ImportRun, OneCBase
from exchange.sessions import create_base, open_run, open_session

PATH = "import_files/ab/x.jpg"


def upload(base: OneCBase, body: bytes = b"jpeg", path: str = PATH) -> ImportRun:
    session, _ = open_session(base, "catalog")
    for name, data in ((path, body), ("import.xml", b"<a/>")):
        storage.receive(session, name, io.BytesIO(data), len(data))
    return open_run(session, "import.xml")


class TestKeepPictures:
    def test_keeps_them_past_their_upload(self, base: OneCBase):
        run = upload(base)
        assert pictures.picture_bytes(base, PATH) is None
        assert pictures.keep_pictures(run) == 1
        assert run.session is not None
        storage.forget(run.session)
        assert pictures.picture_bytes(base, PATH) == b"jpeg"
        assert pictures.picture_digest(base, r"import_files\AB\X.jpg") == hashlib.sha256(b"jpeg").hexdigest()

    def test_keeps_equal_pictures_once_and_may_be_repeated(self, base: OneCBase):
        run = upload(base)
        assert pictures.keep_pictures(run) == 1
        assert pictures.keep_pictures(run) == 0
        assert pictures.keep_pictures(upload(base, path="import_files/cd/y.jpg")) == 0
        assert pictures.picture_bytes(base, "import_files/cd/y.jpg") == b"jpeg"

    def test_a_picture_sent_again_replaces_what_its_path_stood_for(self, base: OneCBase):
        pictures.keep_pictures(upload(base))
        pictures.keep_pictures(upload(base, b"newer"))
        assert pictures.picture_bytes(base, PATH) == b"newer"

    def test_a_kept_picture_is_not_changed_by_later_pieces(self, base: OneCBase):
        run = upload(base)
        pictures.keep_pictures(run)
        assert run.session is not None
        storage.receive(run.session, PATH, io.BytesIO(b"tail"), 4)
        assert pictures.picture_bytes(base, PATH) == b"jpeg"


class TestFindPicture:
    def test_looks_into_the_session_first(self, base: OneCBase):
        pictures.keep_pictures(upload(base))
        run = upload(base, b"newer")
        assert run.session is not None
        found = pictures.find_picture(run.session, PATH)
        assert found is not None
        assert found.read_bytes() == b"newer"

    def test_never_finds_another_bases_picture(self, base: OneCBase):
        pictures.keep_pictures(upload(base))
        other, _ = create_base(base.portal, "Другая", "ut11")
        assert pictures.find_picture(other, PATH) is None

    @pytest.mark.parametrize("path", ["../x.jpg", "/etc/passwd", "", "import_files/none.jpg", "a\0.jpg"])
    def test_finds_nothing_under_odd_paths(self, base: OneCBase, path: str):
        pictures.keep_pictures(upload(base))
        assert pictures.find_picture(base, path) is None

    def test_is_gone_with_the_base(self, base: OneCBase):
        pictures.keep_pictures(upload(base))
        OneCBase.objects.all().delete()
        storage.clean(timezone.now())
        assert pictures.find_picture(base, PATH) is None

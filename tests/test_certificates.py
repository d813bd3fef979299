"""Tests of the authority that signs for the real host names."""

import ssl
from pathlib import Path

import pytest

from mockserver.certificates import Authority
from mockserver.engine.errors import ConfigError


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    Authority(tmp_path / "kept")
    assert (tmp_path / "kept" / "ca.key").stat().st_mode & 0o777 == 0o600


def test_an_authority_stays_the_same_as_long_as_its_folder_does(tmp_path: Path) -> None:
    first = Authority(tmp_path).certificate.read_bytes()
    assert Authority(tmp_path).certificate.read_bytes() == first
    Authority(tmp_path).context(["api.example"])


def test_the_bundle_trusts_what_was_trusted_before_and_ourselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority(tmp_path / "other").certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    authority = Authority(tmp_path / "own")
    bundle = authority.bundle.read_bytes()
    assert other.read_bytes() in bundle
    assert authority.certificate.read_bytes() in bundle
    monkeypatch.delenv("SSL_CERT_FILE")
    wide = Authority(tmp_path / "own").bundle
    assert len(ssl.create_default_context(cafile=wide).get_ca_certs()) > 50


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    for name in ("ca.pem", "ca.key"):
        (tmp_path / name).write_text("nothing")
    with pytest.raises(ConfigError, match="holds no certificate of ours"):
        Authority(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep certificates"):
        Authority(tmp_path / "file" / "folder")

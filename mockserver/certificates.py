"""Certificates for the real host names: an authority of our own, and how programs trust it."""

import os
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from mockserver.engine.clock import Clock, rfc3339
from mockserver.engine.errors import ConfigError, MockserverError

AUTHORITY = "ca.pem"
KEY = "ca.key"
BUNDLE = "bundle.pem"
VALID = timedelta(days=365)
"""Some systems refuse certificates that are valid for longer than 825 days."""


class MissingTrustme(MockserverError):
    """Real host names need the package trustme: pip install 'mockserver[intercept]'"""


class Authority:
    """Signs certificates for host names; its own one stays the same as long as its folder does."""

    def __init__(self, folder: Path) -> None:
        try:
            import trustme
        except ImportError:
            raise MissingTrustme from None
        self.folder = folder
        self.certificate = folder / AUTHORITY
        """The file that a program must trust."""
        self.bundle = folder / BUNDLE
        """The same beside the authorities that are trusted anyway."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kept = self.certificate.exists() and (folder / KEY).exists()
            self._authority = (
                trustme.CA.from_pem(self.certificate.read_bytes(), (folder / KEY).read_bytes())
                if kept
                else trustme.CA(organization_name="mockserver")
            )
            if not kept:
                _write_secret(folder / KEY, self._authority.private_key_pem.bytes())
                self.certificate.write_bytes(self._authority.cert_pem.bytes())
            self.bundle.write_bytes(_trusted() + b"\n" + self.certificate.read_bytes())
        except OSError as error:
            raise ConfigError(f"cannot keep certificates in {folder}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"{folder} holds no certificate of ours: {error}") from error

    def context(self, hosts: Iterable[str]) -> ssl.SSLContext:
        """What a listener needs to speak for these hosts, and for no other name."""
        names = list(hosts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        until = datetime.fromisoformat(rfc3339(Clock().now())) + VALID
        self._authority.issue_cert(*names, not_after=until).configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        known = {name.lower() for name in names}

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            # A call without a name can only come from someone who was sent here on purpose.
            unknown = name is not None and name.lower() not in known
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if unknown else None

        context.sni_callback = choose
        return context


def _write_secret(path: Path, content: bytes) -> None:
    """Readable by its owner alone, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _trusted() -> bytes:
    """The authorities that programs here trust already: as the environment says, else certifi's."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        path = os.environ.get(name)
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    try:
        import certifi
    except ImportError:
        path = ssl.get_default_verify_paths().cafile
        return Path(path).read_bytes() if path else b""
    return Path(certifi.where()).read_bytes()

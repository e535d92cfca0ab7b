"""The certificate of the TLS port: files that somebody made, or one of our own making for development."""

from __future__ import annotations

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamcore.config import Certificate, Settings
from streamcore.errors import ConfigError

if TYPE_CHECKING:
    from cryptography import x509

#: Browsers take no certificate that is good for longer.
DAYS_GOOD: Final = 397
DAYS_LEFT_MIN: Final = 30


def server_context(settings: Settings, now: datetime) -> ssl.SSLContext | None:
    """What the TLS port serves with, None when there is none. Raises ConfigError."""
    if not settings.tls_port:
        return None
    if settings.tls is Certificate.SELF_SIGNED:
        cert, key = self_signed(Path(settings.data) / "tls", settings.host, now)
    else:
        cert, key = Path(settings.tls_cert), Path(settings.tls_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"tls_cert {cert}, tls_key {key}: {error}") from error
    return context


def self_signed(folder: Path, host: str, now: datetime) -> tuple[Path, Path]:
    """(certificate, key) in `folder`, made when they are missing or about to expire. Clients have to be told to trust
    the certificate (AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS).

    By the library `cryptography`, which the makers of CPython's packaging tools keep: the alternative, calling the
    `openssl` command, is another program to find, and differs between OpenSSL, LibreSSL and its versions.
    """
    cert, key = folder / "cert.pem", folder / "key.pem"
    try:
        from cryptography import x509
    except ImportError:
        raise ConfigError('tls = "self-signed" needs the package `cryptography`: pip install streamcore[tls]') from None
    if cert.exists() and key.exists():
        held = x509.load_pem_x509_certificate(cert.read_bytes())
        if held.not_valid_after_utc - now > timedelta(days=DAYS_LEFT_MIN):
            return cert, key
    cert_pem, key_pem = _make(host, now)
    folder.mkdir(parents=True, exist_ok=True)
    _write(key, key_pem)
    _write(cert, cert_pem)
    return cert, key


def _make(host: str, now: datetime) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "streamcore development")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS_GOOD - 1))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _names(host: str) -> list[x509.GeneralName]:
    from cryptography import x509

    addresses = {"127.0.0.1", "::1"}
    names = {"localhost"}
    try:
        addresses.add(str(ipaddress.ip_address(host)))
    except ValueError:
        names.add(host)
    return [*(x509.DNSName(each) for each in sorted(names))] + [
        x509.IPAddress(ipaddress.ip_address(each)) for each in sorted(addresses)
    ]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for the owner's eyes only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def utc(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, UTC)

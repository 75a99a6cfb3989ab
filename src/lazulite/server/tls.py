"""A private certificate authority and a server certificate, made at first start: clients send tokens over https only.

    DIR/ca.pem           what clients trust (REQUESTS_CA_BUNDLE, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS)
    DIR/tls/ca-key.pem   its key, 0600: signs the next server certificate
    DIR/tls/server.pem   the server certificate followed by the CA's
    DIR/tls/server-key.pem

The extensions are those that strict verifiers (Python 3.13 and on) ask for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lazulite.core.files import PRIVATE, PUBLIC, write_atomically
from lazulite.server.folder import Paths

CA_DAYS = 3650
# The longest that Apple's verifiers accept from a private authority.
SERVER_DAYS = 825
RENEW_DAYS = 90
ALWAYS = ("localhost", "127.0.0.1", "::1")
EVERY_INTERFACE = ("0.0.0.0", "::", "")  # noqa: S104 - not bound here: such names cannot stand in a certificate


@dataclass(frozen=True)
class TlsFiles:
    """What the server loads, and what clients must trust."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(paths: Paths, hosts: Iterable[str], now: datetime | None = None) -> TlsFiles:
    """The certificate files for `hosts` and the loopback names, made or renewed where needed. `now` is real time."""
    instant = now or datetime.now(UTC)
    files = TlsFiles(paths.ca, paths.tls / "server.pem", paths.tls / "server-key.pem")
    names = _names(hosts)
    authority = _load(files.ca, paths.tls / "ca-key.pem")
    if authority is None or _expires(authority, instant):
        authority = _make_authority(instant)
        _store(authority, files.ca, paths.tls / "ca-key.pem")
    server = _load(files.certificate, files.key)
    if server is None or _expires(server, instant) or not _serves(server, names, authority):
        _store(_make_server(authority, names, instant), files.certificate, files.key, authority.certificate)
    return files


def _names(hosts: Iterable[str]) -> tuple[x509.GeneralName, ...]:
    wanted = dict.fromkeys((*ALWAYS, *(host.lower() for host in hosts if host not in EVERY_INTERFACE)))
    return tuple(_name(host) for host in wanted)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load(certificate: Path, key: Path) -> _Pair | None:
    """The stored pair, or None where a file is missing or broken: it is made anew."""
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        public = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != public.public_key():
        return None
    return _Pair(public, private)


def _expires(pair: _Pair, now: datetime) -> bool:
    certificate = pair.certificate
    return not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - timedelta(days=RENEW_DAYS)


def _serves(server: _Pair, names: tuple[x509.GeneralName, ...], authority: _Pair) -> bool:
    try:
        server.certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    present = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(present) == set(names)


def _make_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own for each authority: clients that hold an old one must not take it for the new one.
    serial = x509.random_serial_number()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"lazulite private CA {serial:x}"[:48])])
    builder = _builder(subject, subject, key, now, CA_DAYS, serial)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _make_server(authority: _Pair, names: tuple[x509.GeneralName, ...], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lazulite")])
    issuer = authority.certificate
    until = min(SERVER_DAYS, (issuer.not_valid_after_utc - now).days)
    builder = _builder(subject, issuer.subject, key, now, until, x509.random_serial_number())
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName(names), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        # A day back: the clocks of client machines are not all right.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _store(pair: _Pair, certificate: Path, key: Path, *chain: x509.Certificate) -> None:
    private = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomically(key, private, PRIVATE)
    public = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (pair.certificate, *chain))
    write_atomically(certificate, public, PUBLIC)

"""The private CA and the server certificate, judged by a strict TLS client."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from lazulite.server import tls
from lazulite.server.folder import DataFolder, Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    with DataFolder(tmp_path) as folder:
        return folder.paths


def serve_once(files: tls.TlsFiles) -> int:
    """The port of a server that makes one handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as plain:
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(1)
            except (ssl.SSLError, OSError):
                return  # the client refused the certificate: its own assertion reports that

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def handshake(files: tls.TlsFiles, name: str) -> None:
    context = ssl.create_default_context(cafile=files.ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", serve_once(files)), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        secure.send(b"x")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "ml.example", "10.1.2.3"])
def test_a_strict_client_accepts_every_name(paths: Paths, name: str) -> None:
    handshake(tls.ensure(paths, ["ml.example", "10.1.2.3", "0.0.0.0"]), name)


def test_a_strict_client_refuses_another_name(paths: Paths) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls.ensure(paths, []), "elsewhere.example")


def test_keys_are_private(paths: Paths) -> None:
    files = tls.ensure(paths, [])
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert (paths.tls / "ca-key.pem").stat().st_mode & 0o777 == 0o600
    assert files.ca.stat().st_mode & 0o777 == 0o644


def test_the_extensions_that_verifiers_ask_for(paths: Paths) -> None:
    files = tls.ensure(paths, [])
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == identifier


def test_nothing_changes_at_the_next_start(paths: Paths) -> None:
    files = tls.ensure(paths, ["a.example"])
    before = files.certificate.read_bytes()
    assert tls.ensure(paths, ["a.example"]).certificate.read_bytes() == before


def test_another_name_renews_the_server_certificate_under_the_same_ca(paths: Paths) -> None:
    files = tls.ensure(paths, [])
    ca, leaf = files.ca.read_bytes(), files.certificate.read_bytes()
    tls.ensure(paths, ["new.example"])
    assert files.ca.read_bytes() == ca
    assert files.certificate.read_bytes() != leaf
    handshake(files, "new.example")


def test_an_old_certificate_is_renewed_before_it_expires(paths: Paths) -> None:
    files = tls.ensure(paths, [], datetime.now(UTC) - timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS + 1))
    ca, leaf = files.ca.read_bytes(), files.certificate.read_bytes()
    tls.ensure(paths, [])
    assert files.ca.read_bytes() == ca
    assert files.certificate.read_bytes() != leaf


def test_an_old_authority_is_replaced_with_all_it_signed(paths: Paths) -> None:
    files = tls.ensure(paths, [], datetime.now(UTC) - timedelta(days=tls.CA_DAYS))
    ca = files.ca.read_bytes()
    tls.ensure(paths, [])
    assert files.ca.read_bytes() != ca
    handshake(files, "localhost")


@pytest.mark.parametrize("broken", ["ca.pem", "tls/ca-key.pem", "tls/server.pem", "tls/server-key.pem"])
def test_a_missing_or_broken_file_is_made_again(paths: Paths, broken: str) -> None:
    files = tls.ensure(paths, [])
    (paths.folder / broken).write_text("not a certificate")
    tls.ensure(paths, [])
    handshake(files, "localhost")
    (paths.folder / broken).unlink()
    tls.ensure(paths, [])
    handshake(files, "localhost")

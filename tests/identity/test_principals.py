"""Principals sign in with a secret that is shown once and kept as a hash."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from lazulite.core.clock import HeldClock
from lazulite.core.errors import BadRequest, NotFound, Throttled, Unauthenticated
from lazulite.identity import Principals
from lazulite.identity.secrets import MAX_SECRET
from lazulite.state.database import Database


def test_a_principal_signs_in_with_its_secret(principals: Principals) -> None:
    admin, secret = principals.create("admin", administrator=True)
    reader, _ = principals.create("reader")
    assert principals.authenticate(admin.client_id, secret) == admin
    assert principals.authenticate(admin.client_id.upper(), secret) == admin
    assert principals.administrators() == {admin.object_id}
    assert principals.get(reader.client_id) == reader
    assert principals.get("nobody") is None


def test_the_secret_itself_is_nowhere_in_the_database(principals: Principals, database: Database) -> None:
    _, secret = principals.create("admin")
    with database.read() as connection:
        (stored,) = connection.scalars(text("select hash from principal_secret"))
    assert secret not in stored
    assert stored.startswith("scrypt$16384$8$1$")


def test_a_wrong_secret_and_an_unknown_client_look_alike(principals: Principals) -> None:
    admin, secret = principals.create("admin")
    wrong = (admin.client_id, secret + "x"), (admin.client_id, ""), ("nobody", secret), (admin.client_id, "x" * 9_999)
    for client_id, tried in wrong:
        with pytest.raises(Unauthenticated, match="AADSTS7000215: Invalid client secret") as caught:
            principals.authenticate(client_id, tried)
        assert not tried or tried not in str(caught.value)


def test_a_secret_is_not_cut_to_fit(principals: Principals, database: Database) -> None:
    from lazulite.identity import secrets

    assert not secrets.verify("a" * (MAX_SECRET + 1), secrets.hashed("a" * MAX_SECRET))
    assert secrets.verify("a" * MAX_SECRET, secrets.hashed("a" * MAX_SECRET))


def test_wrong_tries_are_slowed_for_one_client_from_one_address(principals: Principals, clock: HeldClock) -> None:
    admin, secret = principals.create("admin")
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            principals.authenticate(admin.client_id, "wrong", "10.0.0.1")
    with pytest.raises(Throttled, match="TooManyAttempts") as caught:
        principals.authenticate(admin.client_id, secret, "10.0.0.1")
    assert caught.value.retry_after == 60
    assert principals.authenticate(admin.client_id, secret, "10.0.0.2") == admin
    clock.advance(60)
    assert principals.authenticate(admin.client_id, secret, "10.0.0.1") == admin


def test_secrets_can_be_added_and_replaced(principals: Principals) -> None:
    admin, first = principals.create("admin")
    second = principals.add_secret(admin.client_id)
    assert principals.authenticate(admin.client_id, first) == principals.authenticate(admin.client_id, second)
    third = principals.replace_secrets(admin.client_id)
    assert principals.authenticate(admin.client_id, third) == admin
    for old in (first, second):
        with pytest.raises(Unauthenticated):
            principals.authenticate(admin.client_id, old)


def test_secrets_and_names_are_bounded(principals: Principals) -> None:
    admin, _ = principals.create("admin")
    for _ in range(9):
        principals.add_secret(admin.client_id)
    with pytest.raises(BadRequest, match="TooManySecrets"):
        principals.add_secret(admin.client_id)
    with pytest.raises(BadRequest, match="InvalidPrincipalName"):
        principals.create("x" * 121)
    with pytest.raises(NotFound, match="PrincipalNotFound"):
        principals.add_secret("nobody")


def test_a_secret_can_be_checked_without_signing_in(principals: Principals) -> None:
    admin, secret = principals.create("admin")
    assert principals.has_secret(admin.client_id, secret)
    assert not principals.has_secret(admin.client_id, "another")
    assert not principals.has_secret("nobody", secret)

"""Who may do what: principals with scrypt-hashed secrets, signed tokens, access decisions."""

from lazulite.identity.access import Access, Decision
from lazulite.identity.principals import Principal, Principals
from lazulite.identity.tokens import Tokens

__all__ = ["Access", "Decision", "Principal", "Principals", "Tokens"]

"""lazulite: self-hosted monitoring for machine-learning platforms that speaks Azure Monitor's language."""

__version__ = "0.1.0"

"""This service described as an Azure cloud, for `az cloud register`."""

from __future__ import annotations

from typing import Any

_ENDPOINTS = (
    "portal",
    "gallery",
    "graph",
    "graphAudience",
    "resourceManager",
    "media",
    "batch",
    "sqlManagement",
    "vmImageAliasDoc",
    "activeDirectoryDataLake",
    "microsoftGraphResourceId",
    "logAnalyticsResourceId",
    "appInsightsResourceId",
    "appInsightsTelemetryChannelResourceId",
)
_SUFFIXES = (
    "storage",
    "keyVaultDns",
    "acrLoginServer",
    "sqlServerHostname",
    "azureDataLakeStoreFileSystem",
    "azureDataLakeAnalyticsCatalogAndJob",
    "mhsmDns",
    "attestationEndpoint",
    "storageSyncEndpointSuffix",
)


def cloud(base: str, tenant_id: str) -> dict[str, Any]:
    """Every endpoint is this one; suffixes name services that a lazulite does not have, and lead nowhere."""
    return {
        "name": "lazulite",
        **dict.fromkeys(_ENDPOINTS, base),
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, "https://management.azure.com/", "https://management.core.windows.net/"],
            "tenant": tenant_id,
            "identityProvider": "AAD",
        },
        "suffixes": {name: f"{name.lower()}.lazulite.invalid" for name in _SUFFIXES},
    }

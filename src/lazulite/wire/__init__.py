"""HTTP only: paths, versions, casing, status codes, error envelopes; one module a plane, no SQL, no rules."""

"""HTTP under `/api/v1`, described by OpenAPI; errors are problem documents (RFC 9457)."""

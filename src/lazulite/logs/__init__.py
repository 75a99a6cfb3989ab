"""Log Analytics: workspaces, the tables a query sees, scopes, the query service and retention."""

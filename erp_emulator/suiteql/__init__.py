"""SuiteQL: parsed by sqlglot, resolved against the account's tables, run read-only on SQLite."""

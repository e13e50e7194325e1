"""A NetSuite to test against: its REST surface, its accounting behaviour and its SuiteQL, on SQLite."""

"""Scenarios: orders, receipts, bills, settings and an invoice in a YAML file, and what the rules decide on them."""

"""Accounts payable for NetSuite: invoices in, matched and approved vendor bills out."""

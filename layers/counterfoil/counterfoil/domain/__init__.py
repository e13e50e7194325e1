"""The rules. Pure: no clock, network, AWS or environment."""

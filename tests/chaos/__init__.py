"""Campaigns under random faults, on real parts: `make chaos`. What is thrown and what is proved: docs/operations/chaos.md."""

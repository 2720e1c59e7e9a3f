"""A stand-in for the servers of all providers, run as a process of its own: ``python -m providers.simulator``.

It shares no code with the adapters: both are written from the same contracts, so one cannot repeat the other's mistake.
"""

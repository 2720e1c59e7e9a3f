"""A stand-in for the Meta Cloud API server, run as a process of its own: ``python -m providers.simulator``.

It shares no code with the adapters: both are written from the same contract, so one cannot repeat the other's mistake.
"""

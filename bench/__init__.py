"""Benchmarks: figures only, no verdicts."""

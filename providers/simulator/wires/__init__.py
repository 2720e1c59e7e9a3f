"""The wires: one package per provider, each with that vendor's paths, bodies, errors, webhooks and signatures.

`contract.py` is what a wire's author reads; `registry.py` is the list of them.
"""

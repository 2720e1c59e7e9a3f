"""Telling systems outside what happens here: the events of a subscription, delivered at least once, signed."""

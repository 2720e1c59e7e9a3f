"""The agents' part of the API: what is done with a query, its conversation and its notes."""

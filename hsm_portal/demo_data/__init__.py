"""The sample data of `make demo`: Clínica Sur and Óptica Sur, two weeks of work, in Spanish. Everything here is invented."""

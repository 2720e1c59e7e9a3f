"""Spanish as Latin America's companies write figures: 12.408 and 1.234,56. Dates stay Django's."""

DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3

"""Why something is so, as values: made where it is known, put into words by `report` alone."""

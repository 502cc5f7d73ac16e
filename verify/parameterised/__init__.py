"""Any number of threads: what can be seen of them, and the lemmas that follow."""

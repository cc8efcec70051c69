"""One file for each thing that is painted; ``recipe`` says in which order."""

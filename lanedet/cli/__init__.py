"""The command line: one module for each command, a call and its options."""

"""Who starts the processes of a distributed run."""

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")
"""Names that mmengine knows, ``none`` for a single process."""

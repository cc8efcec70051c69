"""The command ``lanedet train``, as a file."""

from lanedet.cli.train import main

if __name__ == "__main__":
    main()

"""The command ``lanedet compare``, as a file."""

from lanedet.cli.compare import main

if __name__ == "__main__":
    main()

"""The command ``lanedet scenes``, as a file."""

from lanedet.cli.scenes import main

if __name__ == "__main__":
    main()

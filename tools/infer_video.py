"""The command ``lanedet video``, as a file."""

from lanedet.cli.video import main

if __name__ == "__main__":
    main()

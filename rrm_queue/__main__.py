"""`python -m rrm_queue` is the command `rrmq`."""

from rrm_queue.cli.main import main

if __name__ == "__main__":
    main()

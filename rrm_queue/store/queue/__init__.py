"""What the queue reads and writes: submission, planning, dispatch, recording, recovery, control."""

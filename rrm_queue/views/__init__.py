"""What the store returns to a face: one shape a noun, every field by name."""

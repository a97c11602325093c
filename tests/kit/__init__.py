"""What tests share: services, jobs, samples. Tests import from here, never from other tests."""

"""What the tests share: throw-away projects, a fake session, probes for scripts."""

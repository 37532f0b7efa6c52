"""What the desk learns from its own work: metrics, and later experiments and examples."""

"""Events and schedules: rules, the default bus, and the deliveries to their targets."""

"""S3: what its rules are, without IO."""

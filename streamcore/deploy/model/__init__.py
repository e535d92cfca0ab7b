"""Pure rules of templates: text in, a plan out; no IO."""

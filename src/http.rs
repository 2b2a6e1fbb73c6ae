//! The one HTTP client of the program: time limits, body caps, `Retry-After`, and no secret in any error.

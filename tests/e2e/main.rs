//! Placeholder until the first case lands.

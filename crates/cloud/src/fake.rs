//! An in-memory cloud with fault injection.

//! Empty for now: the simulated disk.

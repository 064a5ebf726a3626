//! What a sync sent last time, and who must not come back.
//!
//! Promises: what it says was sent is at the API, as far as answers tell; a crash costs a repeated call, never a missed
//! one. It holds keyed hashes of what was said; it knows neither the API nor how rows are read.

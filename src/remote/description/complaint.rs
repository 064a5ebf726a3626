//! What is wrong with a description file, and where.

use std::ops::Range;

/// The bytes of the file that it is about, and the sentence.
pub(super) type Complaint = (Range<usize>, String);

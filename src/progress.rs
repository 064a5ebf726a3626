//! The spectators: bar, plain lines, silence. The bar is a guest: one that cannot be drawn is ignored.

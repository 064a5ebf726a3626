//! Empty for now: the scripted remote.

//! Nothing of its own: the test links all four plugins into one program.

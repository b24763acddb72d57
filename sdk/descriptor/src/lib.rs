//! Interface descriptors: the model, its canonical form, semver differences and JSON translation.

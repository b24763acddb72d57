//! What plugin authors and embedders use: interfaces, modules, typed clients, test kit.

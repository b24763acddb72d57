//! Which machine and system a library is built for.

use object::{Architecture, BinaryFormat};
use std::fmt;

/// A file format and a processor: what must be equal for a library to run in this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) format: BinaryFormat,
    pub(super) architecture: Architecture,
    pub(super) little_endian: bool,
}

impl Platform {
    /// The platform of this host.
    pub(super) const HOST: Self = Self {
        format: if cfg!(target_vendor = "apple") {
            BinaryFormat::MachO
        } else {
            BinaryFormat::Elf
        },
        architecture: if cfg!(target_arch = "x86_64") {
            Architecture::X86_64
        } else if cfg!(target_arch = "aarch64") {
            Architecture::Aarch64
        } else if cfg!(target_arch = "riscv64") {
            Architecture::Riscv64
        } else if cfg!(target_arch = "arm") {
            Architecture::Arm
        } else if cfg!(target_arch = "x86") {
            Architecture::I386
        } else {
            Architecture::Unknown
        },
        little_endian: cfg!(target_endian = "little"),
    };
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = match self.format {
            BinaryFormat::Elf => "ELF",
            BinaryFormat::MachO => "Mach-O",
            BinaryFormat::Pe | BinaryFormat::Coff => "Windows",
            _ => "another system",
        };
        match self.architecture {
            Architecture::Unknown => write!(f, "an unknown processor ({system})")?,
            known => write!(f, "{} ({system})", format!("{known:?}").to_lowercase())?,
        }
        if self.little_endian {
            Ok(())
        } else {
            f.write_str(", big-endian")
        }
    }
}

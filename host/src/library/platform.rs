//! Which machine and system a library is built for.

use object::{Architecture, BinaryFormat};
use std::fmt;

/// The target of this host, as packages name it: `linux-x86_64`, `macos-aarch64`.
pub fn host_target() -> String {
    Platform::HOST.target()
}

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

    /// The target that packages name. An ELF file does not say for which system it is; it counts as one for Linux.
    pub(super) fn target(&self) -> String {
        let system = match self.format {
            BinaryFormat::Elf => "linux",
            BinaryFormat::MachO => "macos",
            BinaryFormat::Pe | BinaryFormat::Coff => "windows",
            _ => "other",
        };
        let processor = match self.architecture {
            Architecture::I386 => "x86".to_owned(),
            known => format!("{known:?}").to_lowercase(),
        };
        let order = if self.little_endian { "" } else { "-be" };
        format!("{system}-{processor}{order}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_by_system_and_processor() {
        let target = |format, architecture, little_endian| {
            let platform = Platform {
                format,
                architecture,
                little_endian,
            };
            platform.target()
        };
        let target_of = [
            target(BinaryFormat::Elf, Architecture::X86_64, true),
            target(BinaryFormat::MachO, Architecture::Aarch64, true),
            target(BinaryFormat::Elf, Architecture::PowerPc64, false),
        ];
        assert_eq!(target_of, ["linux-x86_64", "macos-aarch64", "linux-powerpc64-be"]);
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            assert_eq!(host_target(), "linux-x86_64");
        }
    }
}

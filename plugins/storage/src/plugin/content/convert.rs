//! What comes out of the engine, as the contract has it.

use storage_api as api;
use storage_api::ContentError;
use storage_content::{Error, FileInfo, UploadInfo};

pub(super) fn upload(upload: UploadInfo) -> api::Upload {
    api::Upload {
        upload: upload.id,
        name: upload.name,
        mime: upload.mime,
        offset: upload.offset,
        durable: upload.noted,
    }
}

/// A file as `caller` names it.
pub(super) fn file(file: FileInfo, caller: &str) -> api::ContentFile {
    let FileInfo {
        owner, cid, manifest, ..
    } = &file;
    api::ContentFile {
        cid: match owner == caller {
            true => cid.to_string(),
            false => format!("{owner}/{cid}"),
        },
        tree: manifest.tree.to_string(),
        name: manifest.name.clone(),
        mime: manifest.mime.clone(),
        bytes: manifest.shape.bytes,
        block_bytes: manifest.shape.block_bytes,
        blocks: manifest.shape.blocks(),
        here: file.here,
        pinned: file.pinned,
        fetching: file.wanted,
        added_ms: file.added_ms,
    }
}

pub(super) fn presence(file: &FileInfo) -> api::Presence {
    match file.is_complete() {
        true => api::Presence::Complete,
        false => api::Presence::Partial {
            here: file.here,
            blocks: file.manifest.shape.blocks(),
        },
    }
}

pub(super) fn progress(file: &FileInfo) -> api::Progress {
    api::Progress {
        here: file.here,
        blocks: file.manifest.shape.blocks(),
        fetching: file.wanted,
    }
}

/// Why a caller may not use a file that it names.
pub(super) fn access(error: crate::Error) -> ContentError {
    match error {
        crate::Error::InvalidArgument { field: "job", reason } => ContentError::InvalidArgument {
            field: "cid".to_owned(),
            reason: reason.replace("NAME", "CID"),
        },
        crate::Error::InvalidArgument { reason, .. } => ContentError::Denied { reason },
        other => ContentError::Denied {
            reason: other.to_string(),
        },
    }
}

pub(super) fn error(error: Error) -> ContentError {
    match error {
        Error::Closed => ContentError::Closed,
        Error::AlreadyOpen { root } => ContentError::AlreadyOpen {
            directory: root.display().to_string(),
        },
        Error::InvalidArgument { field, reason } => ContentError::InvalidArgument {
            field: field.to_owned(),
            reason,
        },
        Error::NotFound { cid } => ContentError::NotFound { cid: cid.to_string() },
        Error::UploadNotFound { upload } => ContentError::UploadNotFound { upload },
        Error::WrongOffset { expected } => ContentError::WrongOffset { expected },
        Error::QuotaExceeded {
            needed,
            available,
            limit,
        } => ContentError::QuotaExceeded {
            needed,
            available,
            limit,
        },
        Error::Busy { what, limit } => ContentError::Busy {
            what: what.to_owned(),
            limit,
        },
        Error::Damaged { tree, block } => ContentError::Damaged {
            tree: tree.to_string(),
            block,
        },
        Error::Manifest(reason) => ContentError::Manifest {
            reason: reason.to_string(),
        },
        Error::Unavailable { asked } => ContentError::Unavailable { asked: asked as u64 },
        Error::DiskFull => ContentError::DiskFull,
        Error::ForeignFile {
            application_id,
            format,
        } => ContentError::ForeignFile {
            application_id,
            format,
        },
        other => ContentError::Failed {
            reason: other.to_string(),
        },
    }
}

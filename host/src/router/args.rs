//! Arguments that outlive the call that brought them.

use backplane_plugin_api::Args;

/// How many bytes [`copy_args`] copies.
pub(crate) fn args_bytes(args: &Args) -> usize {
    // SAFETY: the caller keeps its arguments valid for the call that we are in.
    let attachments = unsafe { args.attachments() };
    args.payload.len + attachments.iter().map(|it| it.len).sum::<usize>()
}

/// An owned copy of a borrowed payload.
pub(crate) fn copy_args(args: &Args) -> (Vec<u8>, Vec<Vec<u8>>) {
    // SAFETY: the caller keeps its arguments valid for the call that we are in.
    let (payload, attachments) = unsafe { (args.payload.as_bytes().to_vec(), args.attachments()) };
    // SAFETY: as above, for each attachment.
    let attachments = attachments
        .iter()
        .map(|it| unsafe { it.as_bytes() }.to_vec())
        .collect();
    (payload, attachments)
}

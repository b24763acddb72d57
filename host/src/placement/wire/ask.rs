//! What is asked over a wire, of the module or of the host, and how it is answered.

use super::FrameError;
use super::fields::{Fields, Put, numbered};
use super::kind;
use backplane_plugin_api::CallContext;

/// What is asked. The first ones ask the module, the others the host.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask<'a> {
    /// Make an instance.
    Create {
        /// The name of the module.
        name: &'a str,
        /// The number of the generation.
        generation: u32,
        /// The module's folder; empty where the other side knows better.
        data_dir: &'a str,
        /// The configuration as JSON.
        config: &'a [u8],
    },
    /// Become ready.
    Start,
    /// Write the state for a successor.
    Export,
    /// Take over a predecessor's state.
    Import(u32, &'a [u8]),
    /// End all work within so many milliseconds.
    Stop(u32),
    /// A call or an event for the module.
    Enter {
        /// A call or an event.
        kind: u32,
        /// Which interface or subscription.
        interface: u32,
        /// Which method.
        method: u32,
        /// Time that is left, trace and chain.
        context: CallContext,
        /// Who calls or publishes.
        caller: &'a [u8],
        /// The number of the event.
        sequence: u64,
        /// How many events were lost before it.
        lost: u64,
        /// The arguments.
        args: Parts<'a>,
    },
    /// Stop the host: with 0 where nothing has failed, and why.
    RequestStop(i32, &'a [u8]),
    /// Bind an interface.
    Resolve(&'a [u8], &'a [u8]),
    /// Call a method of a bound interface.
    Call {
        /// The binding.
        binding: u64,
        /// Which method.
        method: u32,
        /// Time that is left, trace and chain.
        context: CallContext,
        /// The arguments.
        args: Parts<'a>,
    },
    /// Publish an event.
    Emit {
        /// Which interface.
        interface: u32,
        /// Which event.
        event: u32,
        /// Time that is left, trace and chain.
        context: CallContext,
        /// The body.
        args: Parts<'a>,
    },
}

/// How something that was asked ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<'a> {
    /// One of [`status`](backplane_plugin_api::status).
    pub status: i32,
    /// The result, the error or the message.
    pub parts: Parts<'a>,
}

/// A payload and what goes with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts<'a> {
    /// The payload.
    pub payload: &'a [u8],
    /// The attachments.
    pub attachments: Vec<Part<'a>>,
}

/// An attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Bytes.
    Bytes(&'a [u8]),
    /// The reading end of a stream, which the sender feeds under this number.
    Stream(u64),
}

impl<'a> Ask<'a> {
    pub(super) fn write(&self, out: &mut Vec<u8>, number: u64) {
        match self {
            Self::Create {
                name,
                generation,
                data_dir,
                config,
            } => {
                numbered(out, kind::CREATE, number);
                out.bytes(name.as_bytes());
                out.u32(*generation);
                out.bytes(data_dir.as_bytes());
                out.bytes(config);
            }
            Self::Start => numbered(out, kind::START, number),
            Self::Export => numbered(out, kind::EXPORT, number),
            Self::Import(schema, state) => {
                numbered(out, kind::IMPORT, number);
                out.u32(*schema);
                out.bytes(state);
            }
            Self::Stop(deadline_ms) => {
                numbered(out, kind::STOP, number);
                out.u32(*deadline_ms);
            }
            Self::Enter {
                kind,
                interface,
                method,
                context,
                caller,
                sequence,
                lost,
                args,
            } => {
                numbered(out, kind::ENTER, number);
                for number in [kind, interface, method] {
                    out.u32(*number);
                }
                out.context(context);
                out.bytes(caller);
                out.u64(*sequence);
                out.u64(*lost);
                args.write(out);
            }
            Self::RequestStop(code, reason) => {
                numbered(out, kind::REQUEST_STOP, number);
                out.i32(*code);
                out.bytes(reason);
            }
            Self::Resolve(interface, requirement) => {
                numbered(out, kind::RESOLVE, number);
                out.bytes(interface);
                out.bytes(requirement);
            }
            Self::Call {
                binding,
                method,
                context,
                args,
            } => {
                numbered(out, kind::CALL, number);
                out.u64(*binding);
                out.u32(*method);
                out.context(context);
                args.write(out);
            }
            Self::Emit {
                interface,
                event,
                context,
                args,
            } => {
                numbered(out, kind::EMIT, number);
                out.u32(*interface);
                out.u32(*event);
                out.context(context);
                args.write(out);
            }
        }
    }

    pub(super) fn read(kind: u8, fields: &mut Fields<'a>) -> Result<Self, FrameError> {
        Ok(match kind {
            kind::CREATE => Self::Create {
                name: fields.text()?,
                generation: fields.u32()?,
                data_dir: fields.text()?,
                config: fields.bytes()?,
            },
            kind::START => Self::Start,
            kind::EXPORT => Self::Export,
            kind::IMPORT => Self::Import(fields.u32()?, fields.bytes()?),
            kind::STOP => Self::Stop(fields.u32()?),
            kind::ENTER => Self::Enter {
                kind: fields.u32()?,
                interface: fields.u32()?,
                method: fields.u32()?,
                context: fields.context()?,
                caller: fields.bytes()?,
                sequence: fields.u64()?,
                lost: fields.u64()?,
                args: Parts::read(fields)?,
            },
            kind::REQUEST_STOP => Self::RequestStop(fields.i32()?, fields.bytes()?),
            kind::RESOLVE => Self::Resolve(fields.bytes()?, fields.bytes()?),
            kind::CALL => Self::Call {
                binding: fields.u64()?,
                method: fields.u32()?,
                context: fields.context()?,
                args: Parts::read(fields)?,
            },
            kind::EMIT => Self::Emit {
                interface: fields.u32()?,
                event: fields.u32()?,
                context: fields.context()?,
                args: Parts::read(fields)?,
            },
            other => return Err(FrameError::Kind(other)),
        })
    }
}

impl<'a> Parts<'a> {
    /// A payload alone.
    pub const fn of(payload: &'a [u8]) -> Self {
        Self {
            payload,
            attachments: Vec::new(),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.bytes(self.payload);
        out.u32(u32::try_from(self.attachments.len()).unwrap_or(u32::MAX));
        for part in &self.attachments {
            match part {
                Part::Bytes(bytes) => {
                    out.u8(kind::BYTES);
                    out.bytes(bytes);
                }
                Part::Stream(number) => numbered(out, kind::STREAM, *number),
            }
        }
    }

    pub(super) fn read(fields: &mut Fields<'a>) -> Result<Self, FrameError> {
        let payload = fields.bytes()?;
        let part = |fields: &mut Fields<'a>| match fields.u8()? {
            kind::BYTES => Ok(Part::Bytes(fields.bytes()?)),
            kind::STREAM => Ok(Part::Stream(fields.u64()?)),
            other => Err(FrameError::Kind(other)),
        };
        Ok(Self {
            payload,
            attachments: fields.list(part)?,
        })
    }
}

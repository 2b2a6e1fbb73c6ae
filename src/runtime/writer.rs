//! The thread that writes frames, so that a terminal that takes nothing stops painting and nothing else.

use std::{
    io::{self, Write},
    sync::mpsc,
    thread,
};

use tokio::sync::mpsc as async_mpsc;

/// Encoded output; `generation` is that of the state it shows, none for output between frames.
#[derive(Debug)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    pub generation: Option<u64>,
}

/// A frame that has been written in full, its buffer to be used again, or why it could not be.
#[derive(Debug)]
pub struct Written {
    pub frame: Encoded,
    pub result: io::Result<()>,
}

/// Takes one frame at a time; the thread ends when this is dropped.
#[derive(Debug)]
pub struct Writer {
    frames: mpsc::SyncSender<Encoded>,
}

impl Writer {
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(mut output: Box<dyn Write + Send>) -> io::Result<(Self, async_mpsc::UnboundedReceiver<Written>)> {
        let (frames, inbox) = mpsc::sync_channel::<Encoded>(1);
        let (sender, written) = async_mpsc::unbounded_channel();
        thread::Builder::new().name("writer".into()).spawn(move || {
            for frame in inbox {
                let result = output.write_all(&frame.bytes).and_then(|()| output.flush());
                if sender.send(Written { frame, result }).is_err() {
                    break;
                }
            }
        })?;
        Ok((Self { frames }, written))
    }

    /// Hands a frame over; false if the thread is gone. Only to be called while nothing is unwritten.
    pub fn write(&self, frame: Encoded) -> bool {
        self.frames.try_send(frame).is_ok()
    }
}

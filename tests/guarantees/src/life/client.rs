//! A client: it does what chance says, and logs what it sees.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use wsfn_gateway::testing::Random;

use super::frames::{Came, Incoming, frame, handshake};
use super::{Pace, Phase, Stage, Wire, wait};
use crate::log::Client as Saw;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

/// How far the connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Dialled,
    Open,
    /// A close frame came.
    Closing,
    Ended,
}

struct Client<W> {
    stage: Arc<Stage>,
    name: String,
    end: W,
    pace: Pace,
    /// One frame at a time.
    writing: Mutex<()>,
    state: watch::Sender<State>,
    reads: watch::Sender<bool>,
}

/// Lives one client's life, from when it is connected.
pub(crate) async fn live<W: Wire>(
    stage: Arc<Stage>,
    name: String,
    end: W,
    pace: Pace,
    mut random: Random,
) {
    let client = Arc::new(Client {
        stage,
        name,
        end,
        pace,
        writing: Mutex::new(()),
        state: watch::channel(State::Dialled).0,
        reads: watch::channel(true).0,
    });
    let reading = tokio::spawn(Arc::clone(&client).read());
    client.act(&mut random).await;
    reading.abort();
}

impl<W: Wire> Client<W> {
    fn log(&self, saw: Saw) {
        self.stage.client(&self.name, saw);
    }

    fn state(&self) -> State {
        *self.state.borrow()
    }

    async fn write(&self, bytes: &[u8]) {
        let _frame = self.writing.lock().await;
        // A connection that was reset tells the reader so.
        let _ = self.end.write_all(bytes).await;
    }

    async fn act(&self, random: &mut Random) {
        self.write(&handshake(&self.name)).await;
        let mut sent = 0;
        if random.below(8) == 0 {
            // Not every client waits for the answer.
            self.send(&mut sent).await;
        }
        if random.below(12) == 0 {
            wait(self.pace.pause(random)).await;
            return self.leave();
        }
        let mut state = self.state.subscribe();
        // The sender is part of this.
        let _ = state.wait_for(|state| *state > State::Dialled).await;
        for _ in 0..3 + random.below(20) {
            wait(self.pace.pause(random)).await;
            if self.state() != State::Open || self.stage.phase() > Phase::Wild {
                break;
            }
            match random.below(40) {
                0..=19 => self.send(&mut sent).await,
                20..=24 => {
                    for _ in 0..2 + random.below(6) {
                        self.send(&mut sent).await;
                    }
                }
                25..=28 => self.read_on(false),
                29..=33 => self.read_on(true),
                34 => return self.close(random).await,
                35 if random.below(2) == 0 => return self.leave(),
                36 if random.below(2) == 0 => {
                    self.log(Saw::Left);
                    self.end.finish();
                    return self.ended().await;
                }
                _ => {}
            }
        }
        self.stage.until(Phase::Calm).await;
        self.read_on(true);
        tokio::time::sleep(self.pace.read_on).await;
        if self.state() == State::Open {
            self.log(Saw::CaughtUp);
        }
        tokio::select! {
            biased;
            () = self.stage.until(Phase::Over) => {}
            () = self.ended() => return,
        }
        match random.below(3) {
            0 => self.leave(),
            _ => self.close(random).await,
        }
    }

    async fn send(&self, sent: &mut usize) {
        *sent += 1;
        let text = format!("{}/{sent}", self.name);
        self.log(Saw::Sent(text.clone()));
        self.write(&frame(TEXT, text.as_bytes())).await;
    }

    fn read_on(&self, on: bool) {
        if self.reads.send_replace(on) != on {
            self.log(if on { Saw::Resumed } else { Saw::Paused });
        }
    }

    async fn close(&self, random: &mut Random) {
        if self.state() != State::Open {
            return self.ended().await;
        }
        let code = 3000 + u16::try_from(random.below(1000)).unwrap_or_default();
        self.log(Saw::SentClose(code));
        self.write(&frame(CLOSE, &code.to_be_bytes())).await;
        self.read_on(true);
        self.ended().await;
    }

    /// Is gone without a word.
    fn leave(&self) {
        if self.state() < State::Ended {
            self.log(Saw::Left);
        }
        self.end.reset();
    }

    /// Waits for the end of the connection.
    async fn ended(&self) {
        let mut state = self.state.subscribe();
        let ended = state.wait_for(|state| *state == State::Ended);
        // Whoever waits longer than that is let go by the client itself.
        if tokio::time::timeout(self.pace.patience, ended)
            .await
            .is_err()
        {
            self.leave();
        }
    }

    async fn read(self: Arc<Self>) {
        let mut incoming = Incoming::default();
        let mut buffer = [0; 512];
        let mut reads = self.reads.subscribe();
        loop {
            // The sender is part of this.
            let _ = reads.wait_for(|reads| *reads).await;
            let count = match self.end.read(&mut buffer).await {
                Ok(count) if count > 0 => count,
                _ => break,
            };
            incoming.feed(&buffer[..count]);
            while let Some(came) = incoming.next() {
                match came {
                    Came::Head(101) => {
                        self.log(Saw::Opened);
                        self.state.send_replace(State::Open);
                    }
                    Came::Head(status) => self.log(Saw::Refused(status)),
                    Came::Text(text) => self.log(Saw::Received(text)),
                    Came::Ping(payload) => {
                        // Who is in the middle of a frame shows that it lives with that.
                        if let Ok(_frame) = self.writing.try_lock() {
                            let _ = self.end.write_all(&frame(PONG, &payload)).await;
                        }
                    }
                    Came::Close(code) => {
                        self.log(Saw::ReceivedClose(code));
                        self.state.send_replace(State::Closing);
                        if let Ok(_frame) = self.writing.try_lock() {
                            let _ = self.end.write_all(&frame(CLOSE, &code.to_be_bytes())).await;
                        }
                    }
                    Came::Other => {}
                }
            }
        }
        if self.state() < State::Ended {
            self.log(Saw::Ended);
        }
        self.state.send_replace(State::Ended);
    }
}

//! A program whose handlers do with rooms what messages ask for, wherever its rooms are: at its gateway, in the store
//! that `WSFN_STORE` names, or, with the argument `memory`, in its own memory.
//!
//! With `sweep` it sweeps once, and says what came of it. With `join` it joins until it is killed, and says each
//! connection whose join was acknowledged.

use wsfn::rooms::{MemoryStore, Terms, open};
use wsfn::{ConnectionId, Result};
use wsfn_tests::rooms;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => rooms::app().run(),
        Some("memory") => rooms::app().store(MemoryStore::new()).run(),
        Some(word) => run(word),
    }
}

#[tokio::main]
async fn run(word: &str) -> Result<()> {
    match word {
        "sweep" => {
            let swept = rooms::app().sweep().await?;
            println!("swept {} {} {}", swept.closed, swept.alive, swept.cut_short);
        }
        "join" => {
            let store = open(&std::env::var("WSFN_STORE")?)?;
            for at in 0.. {
                let id = ConnectionId::new(format!("{at:06}"));
                // Where the disk is busy a join may be given up; it may be done twice.
                while let Err(error) = store.join(&id, "kept", &Terms::default()).await {
                    if !error.is_unavailable() {
                        return Err(error.into());
                    }
                }
                println!("joined {}", id.as_str());
            }
        }
        other => return Err(format!("{other}: expected memory, sweep or join").into()),
    }
    Ok(())
}

// As rustc says: the two types have to be one.

use wsfn::{ConnectionId, Result, on_message};

#[on_message]
async fn talk(id: &ConnectionId) -> Result<()> {
    let count: usize = id.as_str().len();
    println!("{count}");
    Ok(())
}

wsfn::main!(talk);

// An `Err` refuses the client, with a number and a text of yours.

use wsfn::{ConnectionId, Refuse, on_connect};

#[on_connect]
async fn greet(id: &ConnectionId) -> Result<(), Refuse> {
    if id.as_str().is_empty() {
        return Err(Refuse::new(4001, "not today"));
    }
    Ok(())
}

wsfn::main!(greet);

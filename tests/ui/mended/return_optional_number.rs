// `None` sends nothing; what is inside `Some` has to be an answer.

use wsfn::{Json, on_message};

#[on_message]
async fn talk(text: &str) -> Option<Json<usize>> {
    text.find('?').map(Json)
}

wsfn::main!(talk);

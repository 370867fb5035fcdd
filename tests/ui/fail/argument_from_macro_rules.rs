// The type that a macro was given is underlined.

use wsfn::on_message;

macro_rules! handler {
    ($name:ident, $ty:ty) => {
        #[on_message]
        async fn $name(body: $ty) {
            let _ = body;
        }
    };
}

handler!(talk, Vec<u8>);

fn main() {}

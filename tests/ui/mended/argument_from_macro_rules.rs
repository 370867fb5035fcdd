// Give the macro a type that can be an argument.

use wsfn::on_message;

macro_rules! handler {
    ($name:ident, $ty:ty) => {
        #[on_message]
        async fn $name(body: $ty) {
            let _ = body;
        }
    };
}

handler!(talk, &[u8]);

wsfn::main!(talk);

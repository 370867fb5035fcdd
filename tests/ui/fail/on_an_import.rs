// An attribute goes on a function where it is written, not where it is imported.

mod handlers {
    pub async fn talk() {}
}

#[wsfn::on_message]
pub use handlers::talk;

fn main() {}

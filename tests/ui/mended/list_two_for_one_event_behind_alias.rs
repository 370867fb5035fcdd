// List one of them; it can call the other.

mod handlers {
    #[wsfn::on_close]
    pub async fn leave() {}
}
use handlers::leave as bye;

#[wsfn::on_close]
async fn leave() {
    bye().await;
}

fn main() {
    let _ = wsfn::app![leave];
}

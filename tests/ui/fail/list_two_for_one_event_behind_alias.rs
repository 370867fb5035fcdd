// An event has one function, whatever it is called and wherever it is.

mod handlers {
    #[wsfn::on_close]
    pub async fn leave() {}
}
use handlers::leave as bye;

#[wsfn::on_close]
async fn leave() {}

fn main() {
    let _ = wsfn::app![leave, bye];
}

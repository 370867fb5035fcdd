// Write the function, or its path: `handlers::talk`.

mod handlers {
    #[wsfn::on_message]
    pub async fn talk() {}
}

#[wsfn::on_connect]
async fn greet() {}

wsfn::main!(greet, handlers::talk);

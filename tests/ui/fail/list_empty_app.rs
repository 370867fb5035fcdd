// An application has a handler.

fn main() -> wsfn::Result<()> {
    wsfn::app![].run()
}

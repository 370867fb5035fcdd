//! A program whose connections have sessions.

fn main() -> wsfn::Result<()> {
    wsfn_tests::sessions::app().run()
}

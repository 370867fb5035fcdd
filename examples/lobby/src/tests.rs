use wsfn::{Result, testing::TestApp};

use crate::{enter, leave, talk};

#[tokio::test]
async fn everyone_hears_a_line_and_who_left() -> Result<()> {
    let app = TestApp::new(wsfn::app![enter, talk, leave]).start().await?;
    let mut ann = app.connect().await?;
    let mut bob = app.connect().await?;
    ann.send_text("hello").await;
    assert_eq!(ann.expect_text().await, "hello");
    assert_eq!(bob.expect_text().await, "hello");
    bob.vanish();
    assert_eq!(ann.expect_text().await, "someone left");
    ann.expect_nothing().await;
    Ok(())
}

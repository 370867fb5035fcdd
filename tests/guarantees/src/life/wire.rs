//! What a client holds in its hand.

use std::io;

use wsfn_gateway::testing::ClientEnd;

/// The client's end of a connection.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Reads at most so many bytes; none at the end.
    fn read(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Writes all of it.
    fn write_all(&self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends nothing more (FIN).
    fn finish(&self);

    /// Is gone without a word (RST), at the latest when it is dropped.
    fn reset(&self);
}

impl Wire for ClientEnd {
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::read(self, buffer).await
    }

    async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        Self::write_all(self, bytes).await
    }

    fn finish(&self) {
        Self::finish(self);
    }

    fn reset(&self) {
        Self::reset(self);
    }
}

//! Sockets that listen.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Clients whom the system has let in, and who wait to be accepted. All clients of a gateway that restarts come at once,
/// and one for whom there is no room waits a second and more until its system tries again; the usual 128 are used up by
/// a thousand of them. It is Linux's own upper limit (`net.core.somaxconn`), to which the system lowers it where that is
/// less.
const BACKLOG: u32 = 4096;

/// Listens on an address.
///
/// # Errors
/// When it cannot be had.
pub(crate) fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A process that is started again would have to wait for the connections of the one before. On Windows the option
    // would let it take an address from another process.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpStream;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_thousand_can_wait_to_be_accepted() {
        let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("a limit");
        let limit: usize = limit.trim().parse().expect("a number");
        if limit < 1000 {
            println!("SKIPPED: net.core.somaxconn is {limit}");
            return;
        }
        let listener = super::listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let addr = listener.local_addr().expect("its address");
        let mut waiting = Vec::new();
        for number in 0..1000 {
            let connected = timeout(Duration::from_secs(30), TcpStream::connect(addr)).await;
            let connected = connected.unwrap_or_else(|_| panic!("{number} wait, and no more can"));
            waiting.push(connected.expect("a connection"));
        }
    }
}

//! A client's end of a real connection.

use std::io;
use std::net::SocketAddr;

use rustix::net::{Shutdown, shutdown, sockopt};
use tokio::net::{TcpSocket, TcpStream};

use crate::life::Wire;

/// What a slow client's system takes for it: as little as the system allows.
const SMALL: u32 = 2048;

pub(super) struct Tcp(TcpStream);

impl Tcp {
    /// Connects; with `small` buffers the gateway has to wait soon for a client that does not read.
    pub(super) async fn connect(address: SocketAddr, small: bool) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if small {
            socket.set_recv_buffer_size(SMALL)?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl Wire for Tcp {
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.0.readable().await?;
            match self.0.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn finish(&self) {
        // One that has ended already has.
        let _ = shutdown(&self.0, Shutdown::Write);
    }

    fn reset(&self) {
        // What is not sent is thrown away, and the other side gets an RST, when it is dropped.
        let _ = sockopt::set_socket_linger(&self.0, Some(std::time::Duration::ZERO));
    }
}

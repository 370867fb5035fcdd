//! Addresses to listen on, as others reach them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a program of this machine reaches what listens there: every interface (`0.0.0.0`, `[::]`) is reached on
/// loopback.
///
/// ```
/// use wsfn_settings::near;
/// assert_eq!(near("0.0.0.0:9002".parse()?).to_string(), "127.0.0.1:9002");
/// assert_eq!(near("[::]:9002".parse()?).to_string(), "[::1]:9002");
/// assert_eq!(near("10.0.0.1:9002".parse()?).to_string(), "10.0.0.1:9002");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn near(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

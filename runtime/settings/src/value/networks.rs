//! Networks of addresses.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks in CIDR notation: `10.0.0.0/8, fd00::/8, 192.0.2.1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads one network after another; a bare address is a network of one.
    ///
    /// # Errors
    /// When one is none.
    pub fn parse(texts: &[&str]) -> Result<Self, String> {
        texts
            .iter()
            .map(|text| {
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| {
                        "expected networks such as 10.0.0.0/8 or addresses, or none".to_owned()
                    })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether an address is in one of them. An IPv4 address is itself, however a socket shows it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks() {
        let networks = Networks::parse(&["10.0.0.0/8", "192.0.2.1", "fd00::/8"]).expect("networks");
        for (address, inside) in [
            ("10.255.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("11.0.0.1", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(networks.contains(address), inside, "{address}");
        }
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0"] {
            Networks::parse(&[wrong]).expect_err(wrong);
        }
    }
}

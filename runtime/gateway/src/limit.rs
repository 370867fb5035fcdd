//! The settings that are limits, by name.

/// Makes the enumeration, its names and its length from one list.
///
/// Input: `MaxMessage = "max-message";`. Output: a variant, and its name in `ALL`.
macro_rules! limits {
    ($($variant:ident = $name:literal;)+) => {
        /// A setting that is a limit. Each time one is reached it is counted, and whoever reached it reads its name where
        /// there is still a way to tell.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Limit {
            $($variant,)+
        }

        impl Limit {
            /// All of them, each at the place that its number names.
            pub(crate) const ALL: &[(Self, &str)] = &[$((Self::$variant, $name),)+];
        }
    };
}

limits! {
    MaxMessage = "max-message";
    MaxFrame = "max-frame";
    HeaderMax = "header-max";
    PushMaxBody = "push-max-body";
    HandshakeTimeout = "handshake-timeout";
    MessageTimeout = "message-timeout";
    WriteTimeout = "write-timeout";
    CloseTimeout = "close-timeout";
    IdleTimeout = "idle-timeout";
    PongTimeout = "pong-timeout";
    InvokeTimeout = "invoke-timeout";
    CallGrace = "call-grace";
    InvokeMax = "invoke-max";
    InvokeQueue = "invoke-queue";
    InvokeQueueBytes = "invoke-queue-bytes";
    CloseMax = "close-max";
    CloseRetryFor = "close-retry-for";
    OutMaxMessages = "out-max-messages";
    OutMaxBytes = "out-max-bytes";
    InMaxMessages = "in-max-messages";
    InMaxBytes = "in-max-bytes";
    QueueMemory = "queue-memory";
    MaxConnections = "max-connections";
    MaxRegistering = "max-registering";
    MaxPerAddress = "max-per-address";
    MaxRate = "max-rate";
    RoomsPerConnection = "rooms-per-connection";
    RoomMembers = "room-members";
    RoomName = "room-name";
    SessionMax = "session-max";
    Limits = "limits";
}

impl Limit {
    /// The name of the setting.
    pub(crate) const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use wsfn_settings::SETTINGS;

    use super::*;

    #[test]
    fn each_is_a_setting_and_stands_at_its_number() {
        for (at, (limit, name)) in Limit::ALL.iter().enumerate() {
            assert_eq!(*limit as usize, at);
            assert_eq!(limit.name(), *name);
            assert!(
                SETTINGS.iter().any(|setting| setting.name == *name),
                "{name}"
            );
        }
    }
}

//! Settings whose value is one of a few words.

/// Makes an enum of words: the variants, their spellings, and the way back.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// The words, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub(super) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Which front end an app runs under.
    Mode {
        /// Our gateway, inside the process.
        Gateway = "gateway",
        /// An HTTP server for `POST /event-invoke`: an image function, or a function behind our gateway.
        EventInvoke = "event-invoke",
        /// The loop of SCF's custom runtime.
        RuntimeApi = "runtime-api",
    }
}

words! {
    /// What becomes of a connection whose message call failed.
    FailedMessage {
        /// It is closed with 1011.
        Close = "close",
        /// It stays open and its client is told an errNo.
        Tell = "tell",
    }
}

words! {
    /// How a client sees that its handshake is refused.
    Refuse {
        /// As HTTP 403 with a small JSON.
        Http = "http",
        /// As an opened connection that is closed with 4403.
        Close = "close",
    }
}

words! {
    /// Whose documented limits hold here too.
    Limits {
        /// Those of Tencent's SCF and API Gateway.
        Tencent = "tencent",
    }
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// An object a line.
        Json = "json",
    }
}

/// Dangers that were accepted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Insecure {
    /// `push-plain`: a push token may travel over plain HTTP beyond loopback.
    pub push_plain: bool,
    /// `invoke-unsigned`: invocations from beyond loopback need no signature.
    pub invoke_unsigned: bool,
}

impl Insecure {
    /// The words.
    pub const WORDS: &'static [&'static str] = &["push-plain", "invoke-unsigned"];
}

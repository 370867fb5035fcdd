//! The connection to Redis.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind,
};
use tokio::sync::Mutex;
use tokio::time::Instant;
use wsfn_settings::{Secret, Settings, StoreUrl, show_duration};

use super::super::StoreError;

/// How long a connection is trusted that nobody used: a function may have been frozen meanwhile, and what is between
/// may have forgotten it without a word.
const TRUSTED: Duration = Duration::from_secs(20);

/// Attempts at an operation: each may be done twice, and a stale connection is no reason to fail.
const ATTEMPTS: usize = 2;

/// The query of an address that names the deployment.
const DEPLOYMENT: &str = "deployment=";

/// One connection, which carries all questions at once; made when it is needed, and again when it broke.
pub(super) struct Client {
    client: redis::Client,
    config: AsyncConnectionConfig,
    connection: Mutex<Option<(MultiplexedConnection, Instant)>>,
    /// `{deployment}:`, which every key begins with.
    tag: String,
    timeout: Duration,
    shown: String,
}

impl Client {
    pub(super) fn open(url: &StoreUrl, settings: &Settings) -> Result<Self, StoreError> {
        let (address, deployment) = taken_apart(url.expose())?;
        // Its error would repeat the address.
        let unreadable = |_| StoreError::refused("its address cannot be read");
        let mut info: redis::ConnectionInfo =
            redis::IntoConnectionInfo::into_connection_info(address.as_str())
                .map_err(unreadable)?;
        let mut about = info.redis_settings().clone();
        if let Some(user) = &settings.store_user {
            about = about.set_username(user);
        }
        if let Some(password) = &settings.store_password {
            about = about.set_password(Secret::expose(password));
        }
        info = info.set_redis_settings(about);
        let timeout = settings.store_timeout;
        Ok(Self {
            client: redis::Client::open(info).map_err(unreadable)?,
            // Each of them shorter than the whole, so that it is known what was waited for.
            config: AsyncConnectionConfig::new()
                .set_connection_timeout(Some(timeout * 9 / 10))
                .set_response_timeout(Some(timeout * 9 / 10)),
            connection: Mutex::new(None),
            tag: format!("{{{deployment}}}:"),
            timeout,
            shown: url.to_string(),
        })
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Has a script run with these arguments behind the tag.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let mut attempts = 1;
        loop {
            let mut connection = self.connection().await?;
            let mut invocation = script.key(&self.tag);
            invocation.arg(&self.tag);
            for argument in arguments {
                invocation.arg(*argument);
            }
            let error = match invocation.invoke_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_unrecoverable_error() || error.is_timeout() {
                // Whoever comes next makes another one.
                *self.connection.lock().await = None;
            }
            let broke = error.is_io_error() && !error.is_timeout();
            if !broke || attempts == ATTEMPTS {
                return Err(self.why(&error));
            }
            attempts += 1;
        }
    }

    async fn connection(&self) -> Result<MultiplexedConnection, StoreError> {
        // Held while it is made: all others need it too.
        let mut slot = self.connection.lock().await;
        if let Some((connection, used)) = &mut *slot
            && used.elapsed() < TRUSTED
        {
            *used = Instant::now();
            return Ok(connection.clone());
        }
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&self.config);
        let made = made.await.map_err(|error| self.why(&error))?;
        *slot = Some((made.clone(), Instant::now()));
        Ok(made)
    }

    /// What went wrong, in words without the address and without arguments.
    fn why(&self, error: &RedisError) -> StoreError {
        if error.is_timeout() {
            let timeout = show_duration(self.timeout);
            return StoreError::timed_out(format!("no answer within store-timeout = {timeout}"));
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => StoreError::refused(
                "it does not take these credentials: look at store, store-user and store-password",
            ),
            ErrorKind::InvalidClientConfig => StoreError::refused("its address cannot be read"),
            ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
                StoreError::refused(format!(
                    "it is a node of a cluster, and not the one that has the hash tag {}; name that one, or the \
                     cluster's proxy",
                    self.tag.trim_end_matches(':')
                ))
            }
            ErrorKind::Server(ServerErrorKind::NoPerm) => StoreError::refused(
                "the user may not do what is needed: EVALSHA, EVAL, SCRIPT and the commands in the scripts",
            ),
            ErrorKind::Io => StoreError::unavailable(format!("its connection: {error}")),
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => StoreError::refused(
                    "it does not take these credentials: look at store, store-user and store-password",
                ),
                Some("OOM") => StoreError::unavailable("its memory is full"),
                Some("MISCONF") => StoreError::unavailable("it cannot write to its disk"),
                Some(code) => StoreError::unavailable(format!("it says {code}")),
                None => StoreError::unavailable(error.category().to_owned()),
            },
        }
    }
}

/// The address as the client reads it, and the name of the deployment.
fn taken_apart(url: &str) -> Result<(String, String), StoreError> {
    let Some((address, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), "wsfn".to_owned()));
    };
    let name = query.strip_prefix(DEPLOYMENT).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(StoreError::refused(
            "the query of its address can be ?deployment=NAME, of letters, digits and -_.",
        ));
    }
    Ok((address.to_owned(), name.to_owned()))
}

//! A broadcast to the members that a store knows.

use std::borrow::Cow;
use std::collections::HashSet;

use tokio::time::Instant;
use wsfn_protocol::{Audience, Payload, Request};

use super::joined::Joined;
use super::{Lent, Stored};
use crate::app::calling::somewhat_before;
use crate::connection_id::ConnectionId;
use crate::push::{Push, Report};
use crate::rooms::RoomsError;

impl Stored {
    /// Sends to everyone in the rooms, batch by batch: the next members are read while the message goes to these. Who is
    /// found gone is noted as gone.
    pub(in crate::rooms) async fn broadcast(
        &self,
        lent: &Lent,
        push: &Push,
        to: Audience<'_>,
        except: Vec<Cow<'_, str>>,
        data: Payload<'_>,
    ) -> Result<Report, RoomsError> {
        let rooms: Vec<Option<&str>> = match &to {
            // Our gateway knows best who is there.
            Audience::Everyone if push.is_ours() => {
                let request = Request::Broadcast { to, except, data };
                return Ok(Report::from_answer(push.act(request).await?));
            }
            Audience::Everyone => vec![None],
            Audience::Rooms(rooms) => rooms.iter().map(|room| Some(&**room)).collect(),
        };
        for room in rooms.iter().flatten() {
            self.named(room)?;
        }
        let deadline = push.deadline();
        // What is left then is for noting who was found gone.
        let until = deadline.map(somewhat_before);
        let pushing = push.with_deadline(until);
        lent.leave_first(deadline).await?;
        let except: HashSet<&str> = except.iter().map(|id| &**id).collect();
        let mut members = Joined::new(self, rooms, deadline);
        let mut batch = members.next().await?;
        let mut report = Report::default();
        while !batch.is_empty() {
            batch.retain(|id| !except.contains(id.as_str()));
            if until.is_some_and(|until| until <= Instant::now()) {
                report.end_early();
                break;
            }
            let (sent, next) =
                tokio::join!(self.send(&pushing, &batch, &data, deadline), members.next());
            match sent {
                Ok(sent) => report.extend(sent),
                Err(error) if report.is_untouched() => return Err(error),
                Err(error) => {
                    tracing::warn!("a broadcast ended early: {error}");
                    report.end_early();
                    break;
                }
            }
            batch = match next {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!("a broadcast ended early: {error}");
                    report.end_early();
                    break;
                }
            };
        }
        Ok(report)
    }

    async fn send(
        &self,
        push: &Push,
        batch: &[ConnectionId],
        data: &Payload<'_>,
        deadline: Option<Instant>,
    ) -> Result<Report, RoomsError> {
        let ids: Vec<&ConnectionId> = batch.iter().collect();
        let report = push.deliver(&ids, data).await?;
        let failed = report.failed().iter();
        let gone: Vec<ConnectionId> = failed
            .filter(|one| one.error.is_gone())
            .map(|one| one.id.clone())
            .collect();
        if !gone.is_empty()
            && let Err(error) = self.gone(&gone, deadline).await
        {
            tracing::debug!("{} are gone, and are members still: {error}", gone.len());
        }
        Ok(report)
    }
}

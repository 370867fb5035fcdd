//! The function: it does what chance says, and logs what it sees.

use std::sync::Arc;

use wsfn_gateway::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
use wsfn_protocol::{Data, ErrNo, Event, Kind, ReplyPush};

use super::world::World;
use crate::life::plan::{Last, Plan, Planner, Step};
use crate::life::{Phase, wait};
use crate::log::{End, Function, Kind as Logged};

type Answered = Result<InvokeAnswer, InvokeError>;

/// Answers all three events.
pub(super) struct Witness {
    world: Arc<World>,
}

impl Witness {
    pub(super) const fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    async fn answer(&self, call: Call) -> Answered {
        let world = &self.world;
        let number = world.number();
        let (kind, text) = said(&call);
        let id = &*call.connection_id;
        let mut random = world.fork();
        let calm = world.stage().phase() > Phase::Wild;
        if !calm && (world.is_down() || random.below(60) == 0) {
            let connection = id.to_owned();
            let unreached = Function::Unreached { kind, connection };
            world.stage().function(number, unreached);
            return Err(InvokeError::NotSent);
        }
        let mut running = Running {
            world,
            number,
            ended: false,
        };
        world.stage().function(
            number,
            Function::Begin {
                kind,
                connection: id.to_owned(),
                event_id: call.event_id.to_string(),
                seq: call.seq,
                text,
            },
        );
        if kind == Logged::Connect {
            world.know(id);
        }
        let plan = if calm {
            Planner::calm(kind, id)
        } else {
            world.plan(&mut random, |planner| planner.wild(kind, id))
        };
        let end = tokio::select! {
            biased;
            () = world.crashed(world.crashes()) => End::Failed,
            end = carry_out(world, number, plan) => end,
        };
        running.ended = true;
        // Of connects that are accepted, some.
        let unordered =
            kind == Logged::Connect && matches!(end, End::Answered(_)) && random.below(3) == 0;
        if unordered {
            world.stage().function(number, Function::Unordered);
        }
        world.stage().function(number, Function::End(end.clone()));
        let answer = answer(end)?;
        Ok(InvokeAnswer {
            unordered,
            ..answer
        })
    }
}

impl Invoke for Witness {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Answered> {
        Box::pin(self.answer(call))
    }
}

/// Says when a call is dropped before it has ended.
struct Running<'w> {
    world: &'w World,
    number: u64,
    ended: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let end = Function::End(End::Abandoned);
            self.world.stage().function(self.number, end);
        }
    }
}

async fn carry_out(world: &World, number: u64, plan: Plan) -> End {
    for step in plan.steps {
        match step {
            Step::Pause(time) => wait(time).await,
            Step::Push(action) => world.act(Some(number), &action),
        }
    }
    match plan.last {
        Last::Answer(texts) => End::Answered(texts),
        Last::Refuse => End::Refused,
        Last::Fail => End::Failed,
        Last::Hang => std::future::pending().await,
    }
}

/// What a call is, and in a connect the client's name, in a message its text.
fn said(call: &Call) -> (Logged, Option<String>) {
    let text = match Event::parse(&call.event, None) {
        Ok(Event::Connect(connect)) => connect
            .request_context()
            .ok()
            .and_then(|context| context.path)
            .map(|path| path.trim_start_matches('/').to_owned()),
        Ok(Event::Message(message)) => {
            Some(String::from_utf8_lossy(message.data.as_bytes()).into_owned())
        }
        _ => None,
    };
    let kind = match call.kind {
        Kind::Connect => Logged::Connect,
        Kind::Message => Logged::Message,
        Kind::Close => Logged::Close,
    };
    (kind, text)
}

fn answer(end: End) -> Answered {
    let mut answer = InvokeAnswer::ok();
    match end {
        End::Answered(texts) => {
            let push = |text: String| ReplyPush::Send(Data::Text(text.into()).into());
            answer.pushes = texts.into_iter().map(push).collect();
        }
        End::Refused => {
            answer.err_no = ErrNo(7);
            answer.err_msg = "no".into();
        }
        End::Failed | End::Abandoned => {
            return Err(InvokeError::Failed("as chance has it".into()));
        }
    }
    Ok(answer)
}

//! What Redis is asked to do, each in one step that nothing comes between.
//!
//! All keys of a deployment begin with `ARGV[1]`, its hash tag in braces:
//!
//! | key | holds |
//! |---|---|
//! | `c:ID` | of a connection: `s` (0 open, 1 gone), `v` and `j` (version and value of its session) |
//! | `r:ID` | the rooms of a connection |
//! | `m:ROOM` | its open connections, in the order of their bytes |
//! | `open` | all open connections, in that order |
//! | `due` | open and gone connections, by the time at which they are due, in milliseconds |
//! | `x:ID` | that a connection is forgotten; goes away by itself |
//! | `schema` | the version of all this |

/// What stands before each script.
pub(super) const PRELUDE: &str = "
local t, id = ARGV[1], ARGV[2]
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function opened(id, lease)
  local c = t .. 'c:' .. id
  if redis.call('EXISTS', t .. 'x:' .. id) == 1 or redis.call('HGET', c, 's') == '1' then
    return false
  end
  redis.call('HSETNX', c, 's', '0')
  redis.call('ZADD', t .. 'due', now() + lease, id)
  redis.call('ZADD', t .. 'open', 0, id)
  return true
end
local function out_of_all(id)
  for _, room in ipairs(redis.call('SMEMBERS', t .. 'r:' .. id)) do
    redis.call('ZREM', t .. 'm:' .. room, id)
  end
end
";

/// The version of what is kept, made where there is none.
pub(super) const READY: &str = "
redis.call('SET', t .. 'schema', '1', 'NX')
return redis.call('GET', t .. 'schema')
";

/// ARGV: id, room, lease, most rooms. 0 joined, 1 gone, 2 too many rooms.
pub(super) const JOIN: &str = "
local room, lease, most = ARGV[3], ARGV[4], tonumber(ARGV[5])
if not opened(id, lease) then return 1 end
local r = t .. 'r:' .. id
if redis.call('SISMEMBER', r, room) == 0 then
  if redis.call('SCARD', r) >= most then return 2 end
  redis.call('SADD', r, room)
end
redis.call('ZADD', t .. 'm:' .. room, 0, id)
return 0
";

/// ARGV: id, room.
pub(super) const LEAVE: &str = "
redis.call('SREM', t .. 'r:' .. id, ARGV[3])
return redis.call('ZREM', t .. 'm:' .. ARGV[3], id)
";

/// ARGV: id.
pub(super) const LEAVE_ALL: &str = "
out_of_all(id)
return redis.call('DEL', t .. 'r:' .. id)
";

/// ARGV: key of the members, after, limit, whether sessions are wanted. How many there are, ids, and values and versions
/// one behind the other.
pub(super) const MEMBERS: &str = "
local key, after, limit = t .. ARGV[2], ARGV[3], ARGV[4]
local from = '-'
if after ~= '' then from = '(' .. after end
local ids = redis.call('ZRANGEBYLEX', key, from, '+', 'LIMIT', 0, limit)
local sessions = {}
if ARGV[5] == '1' then
  for _, id in ipairs(ids) do
    local session = redis.call('HMGET', t .. 'c:' .. id, 'j', 'v')
    sessions[#sessions + 1] = session[1] or ''
    sessions[#sessions + 1] = session[2] or '0'
  end
end
return {redis.call('ZCARD', key), ids, sessions}
";

/// ARGV: id, value, version or nothing, lease. The new version, -1 where it is another one, -2 where the connection is
/// gone.
pub(super) const SET_SESSION: &str = "
local value, version, lease = ARGV[3], ARGV[4], ARGV[5]
if not opened(id, lease) then return -2 end
local c = t .. 'c:' .. id
if version ~= '' and version ~= (redis.call('HGET', c, 'v') or '0') then return -1 end
redis.call('HSET', c, 'j', value)
return redis.call('HINCRBY', c, 'v', 1)
";

/// ARGV: nothing, lease, ids.
pub(super) const SEEN: &str = "
for at = 4, #ARGV do opened(ARGV[at], ARGV[3]) end
return 0
";

/// ARGV: nothing, grace, ids.
pub(super) const GONE: &str = "
for at = 4, #ARGV do
  local id = ARGV[at]
  local c = t .. 'c:' .. id
  if redis.call('HGET', c, 's') == '0' then
    redis.call('HSET', c, 's', '1')
    redis.call('ZREM', t .. 'open', id)
    redis.call('ZADD', t .. 'due', now() + ARGV[3], id)
    out_of_all(id)
  end
end
return 0
";

/// ARGV: nothing, limit, lapse.
pub(super) const CLAIM: &str = "
local ids = redis.call('ZRANGEBYSCORE', t .. 'due', '-inf', now(), 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', t .. 'due', now() + ARGV[4], id) end
return ids
";

/// ARGV: id, for how long it is remembered.
pub(super) const FORGET: &str = "
out_of_all(id)
redis.call('DEL', t .. 'r:' .. id, t .. 'c:' .. id)
redis.call('ZREM', t .. 'due', id)
redis.call('ZREM', t .. 'open', id)
if tonumber(ARGV[3]) > 0 then
  redis.call('SET', t .. 'x:' .. id, '', 'PX', ARGV[3])
else
  redis.call('DEL', t .. 'x:' .. id)
end
return 0
";

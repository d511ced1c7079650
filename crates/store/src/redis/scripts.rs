//! One script for each operation that has to be atomic. Each declares all of its keys, with one hash tag, as a cluster
//! requires.

use redis::Script;

pub(super) struct Scripts {
    pub(super) write: Script,
    pub(super) acquire: Script,
    pub(super) renew: Script,
    pub(super) release: Script,
    pub(super) check: Script,
    pub(super) put_entry: Script,
    pub(super) entries: Script,
    pub(super) remove_entries: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            write: Script::new(WRITE),
            acquire: Script::new(ACQUIRE),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
            check: Script::new(CHECK),
            put_entry: Script::new(PUT_ENTRY),
            entries: Script::new(ENTRIES),
            remove_entries: Script::new(REMOVE_ENTRIES),
        }
    }
}

/// Arguments: the expectation (`any`, `none`, or the 16 bytes of a version), the new version, the mark, its
/// milliseconds, and for a body its milliseconds and its bytes.
///
/// A Redis without free memory refuses the first SET, so nothing is written.
const WRITE: &str = "
local version = redis.call('GETRANGE', KEYS[1], 0, 15)
if version == '' then version = 'none' end
if ARGV[1] ~= 'any' and ARGV[1] ~= version then return 0 end
if ARGV[4] == '0' then
    redis.call('DEL', KEYS[1], KEYS[2])
    return 1
end
redis.call('SET', KEYS[1], ARGV[2] .. ARGV[3], 'PX', ARGV[4])
if ARGV[5] and ARGV[5] ~= '0' then
    redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[5])
else
    redis.call('DEL', KEYS[2])
end
return 1";

/// Arguments: the holder, milliseconds.
const ACQUIRE: &str = "
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
    redis.call('DEL', KEYS[1])
else
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1";

/// Arguments: the holder, milliseconds.
const RENEW: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";

/// Argument: the holder.
const RELEASE: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

/// Argument: milliseconds. Runs every command of the other scripts once, on its own key, and leaves no trace.
///
/// There is no shebang: with one, a Redis without free memory refuses the script itself, with a different message.
const CHECK: &str = "
redis.call('SET', KEYS[1], 'check', 'PX', ARGV[1])
redis.call('GET', KEYS[1])
redis.call('GETRANGE', KEYS[1], 0, 0)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[1])
return 1";

/// Keys: the hash of an index, from name to 13 digits of the time of the write and the value; and the names, sorted by
/// their ends. Arguments: the name, the value, milliseconds, the milliseconds within which a write is recent, how far
/// clocks may differ, how many entries there may be, and how many expired ones are removed.
///
/// A Redis without free memory refuses the HSET, so nothing is written. Redis removes both keys with their last entry.
const PUT_ENTRY: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('HGET', KEYS[1], ARGV[1])
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if found and ends and tonumber(ends) > now then
    local written = tonumber(string.sub(found, 1, 13))
    if written <= now + ARGV[5] and now < written + ARGV[4] then return 0 end
end
if ARGV[3] == '0' then
    redis.call('HDEL', KEYS[1], ARGV[1])
    redis.call('ZREM', KEYS[2], ARGV[1])
    return 1
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%013.0f', now) .. ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < tonumber(ARGV[3]) then redis.call('PEXPIRE', key, ARGV[3]) end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[7])) do
    redis.call('HDEL', KEYS[1], name)
    redis.call('ZREM', KEYS[2], name)
end
while redis.call('HLEN', KEYS[1]) > tonumber(ARGV[6]) do
    local all = redis.call('HGETALL', KEYS[1])
    local first, when
    for place = 1, #all, 2 do
        local written = string.sub(all[place + 1], 1, 13)
        if all[place] ~= ARGV[1] and (not when or written < when) then first, when = all[place], written end
    end
    redis.call('HDEL', KEYS[1], first)
    redis.call('ZREM', KEYS[2], first)
end
return 1";

/// Keys: as above. Returns names and values by turns.
const ENTRIES: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local names = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', now), '+inf')
local found = {}
for _, name in ipairs(names) do
    local value = redis.call('HGET', KEYS[1], name)
    if value then
        found[#found + 1] = name
        found[#found + 1] = string.sub(value, 14)
    end
end
return found";

/// Keys: as above. Arguments: the names.
const REMOVE_ENTRIES: &str = "
for _, name in ipairs(ARGV) do
    redis.call('HDEL', KEYS[1], name)
    redis.call('ZREM', KEYS[2], name)
end
return 1";

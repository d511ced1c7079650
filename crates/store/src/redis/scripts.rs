//! One script for each operation that has to be atomic. Each declares all of its keys, with one hash tag, as a cluster
//! requires.

use redis::Script;

pub(super) struct Scripts {
    pub(super) write: Script,
    pub(super) acquire: Script,
    pub(super) renew: Script,
    pub(super) release: Script,
    pub(super) check: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            write: Script::new(WRITE),
            acquire: Script::new(ACQUIRE),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
            check: Script::new(CHECK),
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

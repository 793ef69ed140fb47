-- Put before save.lua and catch-up.lua: writes the cursor and what changed of each user. KEYS: index, live users.
-- Everything is bytes that came as arguments; nothing is decoded here, because Redis serves nobody meanwhile.

-- ARGV from `at`: savedEpoch, turn, outbox, changelogPosition, number of applied offsets, then field and offset of each.
local function writeCursor(at)
  local fields = {'savedEpoch', ARGV[at], 'turn', ARGV[at + 1], 'outbox', ARGV[at + 2], 'changelogPosition', ARGV[at + 3]}
  local last = at + 4 + 2 * tonumber(ARGV[at + 4])
  for i = at + 5, last do
    fields[#fields + 1] = ARGV[i]
  end
  redis.call('HSET', KEYS[1], unpack(fields))
  return last + 1
end

-- A sorted set by time, without what is too old or too much. ARGV from `at`: number of entries, then time and bytes of each.
local function add(key, at, limits)
  local last = at + 2 * tonumber(ARGV[at])
  if last == at then
    return last + 1
  end
  for i = at + 1, last, 2 do
    redis.call('ZADD', key, ARGV[i], ARGV[i + 1])
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', limits.oldest)
  redis.call('ZREMRANGEBYRANK', key, 0, -limits.most - 1)
  redis.call('PEXPIRE', key, limits.ttl)
  return last + 1
end

-- ARGV from `at`: start of all user keys, limits of history and seen (oldest, most, ttl), number of changes, then of each:
-- user, erase, live, home, state, ttl, history entries, message ids.
local function writeChanges(at)
  local client = ARGV[at]
  local history = {oldest = ARGV[at + 1], most = tonumber(ARGV[at + 2]), ttl = ARGV[at + 3]}
  local seen = {oldest = ARGV[at + 4], most = tonumber(ARGV[at + 5]), ttl = ARGV[at + 6]}
  local left = tonumber(ARGV[at + 7])
  at = at + 8
  while left > 0 do
    local id = ARGV[at]
    local user = client .. id .. ':'
    if ARGV[at + 1] == '1' then
      -- `context` is the Go service's set.
      redis.call('DEL', user .. 'history', user .. 'seen', user .. 'marks', user .. 'connecting', user .. 'context')
    end
    at = at + 1
    local home, ttl = ARGV[at + 2], ARGV[at + 4]
    if ARGV[at + 1] == '1' then
      redis.call('SADD', KEYS[2], id)
    else
      redis.call('SREM', KEYS[2], id)
      redis.call('DEL', user .. 'marks')
    end
    if home ~= '' then
      if ttl == '' then
        redis.call('SET', user .. home, ARGV[at + 3])
      else
        redis.call('SET', user .. home, ARGV[at + 3], 'PX', ttl)
      end
      -- The record stands under one of them at a time.
      redis.call('DEL', user .. (home == 'interconnection' and 'connecting' or 'interconnection'))
    end
    at = add(user .. 'history', at + 5, history)
    at = add(user .. 'seen', at, seen)
    left = left - 1
  end
end

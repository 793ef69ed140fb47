-- Takes a partition index over. KEYS: index. ARGV: epoch, instance, then the fields of the applied offsets.
-- Answers {'refused', stored epoch} or {'claimed', released, savedEpoch, turn, outbox, changelogPosition, applied...}.
-- A repeat with the same epoch answers the same: that is why the epoch before stays, and not only whether it was released.
local stored = redis.call('HGET', KEYS[1], 'epoch')
if stored and tonumber(stored) > tonumber(ARGV[1]) then
  return {'refused', stored}
end
if stored ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'instance', ARGV[2], 'previousEpoch', stored or '')
end
local before = redis.call('HMGET', KEYS[1], 'previousEpoch', 'releasedEpoch')
local released = before[1] ~= '' and before[1] == before[2]
local fields = {'savedEpoch', 'turn', 'outbox', 'changelogPosition'}
for i = 3, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
local index = redis.call('HMGET', KEYS[1], unpack(fields))
return {'claimed', released and 1 or 0, unpack(index)}

-- One turn. KEYS: index, live users. ARGV: epoch, expected turn, then the cursor (its turn is the next one) and the changes.
-- The order of the checks is the meaning of the answers; nothing is written before the last of them has passed.
local stored = redis.call('HMGET', KEYS[1], 'epoch', 'savedEpoch', 'turn')
if not stored[1] then
  return 'missing'
end
if stored[1] ~= ARGV[1] then
  return 'fenced'
end
local turn = stored[3] or '0'
if stored[2] == ARGV[1] and turn == ARGV[4] then
  return 'saved'
end
if turn ~= ARGV[2] then
  return 'behind'
end
writeChanges(writeCursor(3))
return 'saved'

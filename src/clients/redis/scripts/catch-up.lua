-- States from the changelog. KEYS: index, live users. ARGV: epoch, 1 with a cursor and 0 without, the cursor, the changes.
-- Once the owner has saved, this can only be a repeat that was under way on a broken connection: it would bring old states back.
local stored = redis.call('HMGET', KEYS[1], 'epoch', 'savedEpoch')
if stored[1] ~= ARGV[1] then
  return 'fenced'
end
if stored[2] == ARGV[1] then
  return 'saved'
end
local at = 3
if ARGV[2] == '1' then
  at = writeCursor(at)
end
writeChanges(at)
return 'saved'

-- States from the changelog. KEYS: index, live users. ARGV: epoch, 1 with a cursor and 0 without, the cursor, the changes.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return 'fenced'
end
local at = 3
if ARGV[2] == '1' then
  at = writeCursor(at)
end
writeChanges(at)
return 'saved'

-- Marks a command of a lane as done. KEYS: index, marks of the user. ARGV: epoch, field (chat and lane), seq, post number
-- that was accepted ('' leaves the lane's last). A later command's mark stays as it is. An owner of before may still say that the
-- command is done which it has begun and nothing has followed.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch ~= ARGV[1] then
  local begun = redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] .. ':begun'
  if not epoch or tonumber(ARGV[1]) > tonumber(epoch) or not begun then
    return 'fenced'
  end
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ':done')
  return 'done'
end
local stored = redis.call('HGET', KEYS[2], ARGV[2])
if stored then
  local at = string.find(stored, ':', 1, true)
  if tonumber(string.sub(stored, 1, at - 1)) > tonumber(ARGV[3]) then
    return 'done'
  end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ':done')
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[2] .. ':post', ARGV[4])
end
return 'done'

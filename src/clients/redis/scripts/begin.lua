-- Marks a command of a lane as begun. KEYS: index, marks of the user. ARGV: epoch, field (chat and lane), seq, post number
-- ('' when it does not post), 1 to take the number as given. Answers {'fenced'}, {'done', last number} or {'begun', number, repeated}.
-- A mark is `seq:begun` or `seq:done`; beside it stands the lane's last post number.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return {'fenced'}
end
local field, seq, post = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local stored = redis.call('HMGET', KEYS[2], field, field .. ':post')
local last = stored[2]
local repeated = false
if stored[1] then
  local at = string.find(stored[1], ':', 1, true)
  local storedSeq = tonumber(string.sub(stored[1], 1, at - 1))
  if storedSeq > seq or (storedSeq == seq and string.sub(stored[1], at + 1) == 'done') then
    return {'done', last or ''}
  end
  repeated = storedSeq == seq
end
if post ~= '' and ARGV[5] ~= '1' and last then
  if repeated then
    post = last
  elseif tonumber(last) >= tonumber(post) then
    post = string.format('%.0f', tonumber(last) + 1)
  end
end
redis.call('HSET', KEYS[2], field, ARGV[3] .. ':begun')
if post ~= '' then
  redis.call('HSET', KEYS[2], field .. ':post', post)
end
return {'begun', post, repeated and 1 or 0}

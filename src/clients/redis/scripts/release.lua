-- Clean stop of an owner. KEYS: index. ARGV: epoch.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'releasedEpoch', ARGV[1])
end
return 'released'

-- Keeps replies and wakes who waits for them. KEYS: one for each reply. ARGV: channel, what is published, ttl, the replies.
for i, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[i + 3], 'PX', ARGV[3])
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 'kept'

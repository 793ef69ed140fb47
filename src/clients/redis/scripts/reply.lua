-- Keeps a reply and wakes who waits for it. KEYS: reply. ARGV: channel, reply, ttl, what is published.
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[1], ARGV[4])
return 'kept'

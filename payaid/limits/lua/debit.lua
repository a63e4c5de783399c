-- Charge one request to a minute and an hour, together or not at all; perhaps grant a lease.
--
-- KEYS[1]  the one key of a tenant, address or account: a hash of both windows
-- ARGV     cost, limit a minute, limit an hour (0: no such bound), lease wanted,
--          spent of the last lease, unspent of it, the minute in which it was granted
-- Answers  {admitted 0/1, left in the minute, left in the hour (-1: no bound), milliseconds to the minute's end,
--           milliseconds to the hour's end, granted, the minute's number}
--
-- Windows are aligned to Redis' own clock. A lease is charged when it is granted, so the limit can never be exceeded;
-- `out` is what was granted and not reported as spent, and stays under a tenth of the limit: nobody is refused early
-- by more than that. Leases die with their minute. Whoever asks has given its last lease up, so what is left of it is
-- given back to the windows that it was charged to.
local cost, minute_limit, hour_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, spent, unspent, leased_in = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local minute, hour = math.floor(now / 60000), math.floor(now / 3600000)
local to_minute, to_hour = (minute + 1) * 60000 - now, (hour + 1) * 3600000 - now

local kept = redis.call('HMGET', KEYS[1], 'minute', 'in_minute', 'out', 'hour', 'in_hour')
local in_minute, out, in_hour = 0, 0, 0
if tonumber(kept[1]) == minute then
    in_minute, out = tonumber(kept[2]), tonumber(kept[3])
    if leased_in == minute then
        out = math.max(0, out - spent - unspent)
        in_minute = math.max(0, in_minute - unspent)
    end
end
if tonumber(kept[4]) == hour then
    in_hour = tonumber(kept[5])
    if math.floor(leased_in / 60) == hour then in_hour = math.max(0, in_hour - unspent) end
end

local fits = in_minute + cost <= minute_limit and (hour_limit == 0 or in_hour + cost <= hour_limit)
local granted = 0
if fits then
    in_minute, in_hour = in_minute + cost, in_hour + cost
    local far = minute_limit >= 200 and in_minute * 2 < minute_limit
        and (hour_limit == 0 or in_hour * 2 < hour_limit)
    if far and wanted > 0 then
        granted = math.max(0, math.min(wanted, math.ceil(minute_limit / 10) - 1 - out))
        if hour_limit > 0 then granted = math.min(granted, hour_limit - in_hour) end
        in_minute, in_hour, out = in_minute + granted, in_hour + granted, out + granted
    end
end
redis.call('HSET', KEYS[1], 'minute', minute, 'in_minute', in_minute, 'out', out, 'hour', hour, 'in_hour', in_hour)
redis.call('PEXPIRE', KEYS[1], hour_limit > 0 and to_hour + 60000 or to_minute + 60000)

local left_in_hour = -1
if hour_limit > 0 then left_in_hour = hour_limit - in_hour end
return {fits and 1 or 0, minute_limit - in_minute, left_in_hour, to_minute, to_hour, granted, minute}

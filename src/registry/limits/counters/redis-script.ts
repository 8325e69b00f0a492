/**
 * `settle.ts` in Lua: one count of a Redis or Valkey server, changed in one step. A count is a hash: `taken`,
 * and for each holder `l:{holder}` (what is lent) and `u:{holder}` (until when). It ends by itself.
 *
 *   KEYS[1]  the count
 *   ARGV     holder, now, most, endsAt ('' at once), unused, charge, need, spare, lease, keep, least, fastest
 *   gives    granted, taken, elsewhere, as text: a number of Lua would lose what is behind 2^53 or the point
 */
export const SETTLE_SCRIPT = `
local key, holder, now, most = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local endsAt, unused, charge = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local need, spare, lease = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local keep, least, fastest = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local fields = redis.call('HGETALL', key)
local before, lent, ends, elsewhere = 0, {}, {}, 0
for i = 1, #fields, 2 do
  local name, value = fields[i], tonumber(fields[i + 1])
  if name == 'taken' then before = value
  elseif string.sub(name, 1, 2) == 'l:' then lent[string.sub(name, 3)] = value
  else ends[string.sub(name, 3)] = value end
end
for name, amount in pairs(lent) do
  if name ~= holder and (ends[name] or 0) > now then elsewhere = elsewhere + amount
  else redis.call('HDEL', key, 'l:' .. name, 'u:' .. name) end
end
local taken = elsewhere
if endsAt then taken = math.max(0, before - unused + charge) end
local left = math.max(0, most - taken)
local granted = math.min(left, need + math.min(spare, math.floor(left / 8)))
taken = taken + granted
if endsAt then lease = lease + math.max(least, math.min(keep, math.floor((most - taken) / fastest))) end
redis.call('HSET', key, 'taken', string.format('%.0f', taken))
if granted > 0 then
  redis.call('HSET', key, 'l:' .. holder, string.format('%.0f', granted), 'u:' .. holder, string.format('%.0f', now + lease))
end
local life = lease
if endsAt then life = math.max(lease, endsAt - now) end
redis.call('PEXPIRE', key, string.format('%.0f', life + 1000))
return { string.format('%.0f', granted), string.format('%.0f', taken), string.format('%.0f', elsewhere) }
`;
